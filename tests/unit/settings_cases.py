"""A place for settings, for the tests of settings and tokens: a folder, a user file and an environment of the test's own."""

from __future__ import annotations

from pathlib import Path

from callcamp_sync.settings import Settings, load

#: A token that must be seen nowhere.
CANARY = "canary-5f2e-token"


class Place:
    """A project folder, a user file and an environment, all of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.user = folder / "user" / "config.toml"
        self.environ: dict[str, str] = {}
        self.project.mkdir()
        self.user.parent.mkdir()

    def toml(self, text: str) -> None:
        (self.project / "callcamp.toml").write_text(text, encoding="utf-8")

    def dotenv(self, text: str) -> None:
        (self.project / ".env").write_text(text, encoding="utf-8")

    def load(self, profile: str | None = None, /, **flags: object) -> Settings:
        return load(flags, environ=self.environ, project=self.project, user=self.user, profile=profile)
