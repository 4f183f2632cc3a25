"""The lock: one run per campaign, freed by a kill, and a second run is told who holds it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcamp_sync.errors import LockedError, StateError
from callcamp_sync.lock import hold

HOST = "callcamp.example.com"


def held(folder: Path, *, host: str = HOST, campaign: str = "camp-1", run_id: str = "run-1") -> AbstractContextManager[None]:
    moment = datetime(2026, 5, 10, 14, 30, tzinfo=UTC)
    return hold(folder, host=host, campaign=campaign, run_id=run_id, command="sync", clock=lambda: moment)


def test_a_second_holder_is_refused_at_once_and_told_who_holds_it(tmp_path: Path) -> None:
    with (
        held(tmp_path),
        pytest.raises(LockedError, match=r"`camp-1` is held by run `run-1` \(`sync`, process \d+, since 2026-05-10T14:30:00Z\)"),
        held(tmp_path, run_id="run-2"),
    ):
        pass


@pytest.mark.parametrize(
    ("host", "campaign"),
    [
        pytest.param(HOST, "camp-2", id="another campaign"),
        pytest.param("other.example.com", "camp-1", id="another host"),
        pytest.param(HOST, "../../../camp-1", id="a campaign whose id climbs out of the folder"),
    ],
)
def test_is_held_independently(tmp_path: Path, host: str, campaign: str) -> None:
    with held(tmp_path / "state"), held(tmp_path / "state", host=host, campaign=campaign):
        assert [file.name for file in tmp_path.iterdir()] == ["state"]


def test_is_free_again_after_a_run_that_failed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="failed"), held(tmp_path):
        raise RuntimeError("failed")
    with held(tmp_path):
        pass


def test_a_refused_second_holder_leaves_the_first_one_its_lock_and_its_note(tmp_path: Path) -> None:
    with held(tmp_path):
        for _ in range(2):
            with pytest.raises(LockedError, match="run-1"), held(tmp_path, run_id="run-2"):
                pass


def test_is_free_again_after_sigkill_although_the_note_stands(tmp_path: Path) -> None:
    script = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from callcamp_sync.lock import hold
now = lambda: datetime.now(UTC)
with hold(Path(sys.argv[1]), host=sys.argv[2], campaign="camp-1", run_id="killed", command="sync", clock=now):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path), HOST], timeout=30, check=False)
    assert len(list(tmp_path.glob("locks/*.json"))) == 1
    with held(tmp_path, run_id="next"):
        assert '"run_id": "next"' in next(tmp_path.glob("locks/*.json")).read_text()


@pytest.mark.parametrize(
    "note",
    [
        pytest.param("", id="an empty note"),
        pytest.param("{", id="half a note"),
        pytest.param("[]", id="a note of another shape"),
        pytest.param('{"pid": 1}', id="a note that lacks words"),
    ],
)
def test_is_refused_in_plain_words_beside(tmp_path: Path, note: str) -> None:
    with held(tmp_path):
        next(tmp_path.glob("locks/*.json")).write_text(note)
        with pytest.raises(LockedError, match="held by another run"), held(tmp_path):
            pass


def test_files_are_for_their_owner_only_and_the_note_goes_with_the_lock(tmp_path: Path) -> None:
    with held(tmp_path):
        assert {file.suffix: file.stat().st_mode & 0o777 for file in tmp_path.glob("locks/*")} == {".lock": 0o600, ".json": 0o600}
        assert (tmp_path / "locks").stat().st_mode & 0o777 == 0o700
    assert [file.suffix for file in tmp_path.glob("locks/*")] == [".lock"]


def test_a_folder_that_cannot_be_used_is_a_state_error(tmp_path: Path) -> None:
    (tmp_path / "locks").write_text("a file stands where the folder should be")
    with pytest.raises(StateError, match="locks"), held(tmp_path):
        pass
