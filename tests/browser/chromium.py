"""Chromium, driven over the WebDriver protocol (W3C) by its own driver. No library: a dozen calls are all that is needed.

In:  the programs' paths and an empty folder. Out: a Browser with methods of one call each. Everything stays on this machine.
"""

from __future__ import annotations

import base64
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_ARGUMENTS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1280,900"),
)


@dataclass(frozen=True, slots=True)
class Browser:
    """One window."""

    http: httpx.Client
    session: str

    def visit(self, path: Path) -> None:
        self._post("url", {"url": path.resolve().as_uri()})

    def run(self, script: str, *arguments: Any) -> Any:
        """What `script` returns; it is run as the driver does, whatever the page's policy says."""
        return self._post("execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script: str, *arguments: Any) -> Any:
        """What `script` hands to the last of its arguments."""
        return self._post("execute/async", {"script": script, "args": list(arguments)})

    def until(self, script: str) -> None:
        """Wait until `script` returns something true, three seconds at most."""
        for _ in range(60):
            if self.run(script):
                return
            time.sleep(0.05)
        raise AssertionError(f"never true: {script}")

    def click(self, selector: str) -> None:
        self._post(f"element/{self._find(selector)}/click", {})

    def type(self, selector: str, text: str) -> None:
        self._post(f"element/{self._find(selector)}/value", {"text": text})

    def press(self, *keys: str) -> None:
        """Press keys one after the other, wherever the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self._post("actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def command(self, name: str, **arguments: Any) -> Any:
        """A command of Chromium's own protocol."""
        return self._post("goog/cdp/execute", {"cmd": name, "params": arguments})

    def console(self) -> list[str]:
        """What the console said since it was asked last: warnings and errors, those of the policy, too."""
        return [
            entry["message"] for entry in self._post("se/log", {"type": "browser"}) if entry["level"] in {"WARNING", "SEVERE"}
        ]

    def picture(self) -> bytes:
        return base64.b64decode(str(self._get("screenshot")))

    def printed(self) -> bytes:
        """The page as PDF."""
        return base64.b64decode(str(self._post("print", {"background": True})))

    def _find(self, selector: str) -> str:
        return str(next(iter(self._post("element", {"using": "css selector", "value": selector}).values())))

    def _post(self, path: str, content: Any) -> Any:
        return _answer(self.http.post(f"/session/{self.session}/{path}", json=content))

    def _get(self, path: str) -> Any:
        return _answer(self.http.get(f"/session/{self.session}/{path}"))


@contextmanager
def opened(driver: str, chromium: str, folder: Path) -> Iterator[Browser]:
    """A Browser with an empty profile below `folder`; driver and browser end with the block."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([driver, f"--port={port}", f"--log-path={folder / 'driver.log'}"], stdout=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as http:
            session = _begin(http, chromium, folder / "profile")
            try:
                yield Browser(http, session)
            finally:
                http.delete(f"/session/{session}")
    finally:
        process.terminate()
        process.wait(timeout=10)


def _begin(http: httpx.Client, chromium: str, profile: Path) -> str:
    options = {"binary": chromium, "args": [*_ARGUMENTS, f"--user-data-dir={profile}"]}
    wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
    for _ in range(100):
        try:
            return str(_answer(http.post("/session", json={"capabilities": {"alwaysMatch": wanted}}))["sessionId"])
        except httpx.ConnectError:
            time.sleep(0.1)
    raise AssertionError("the driver does not answer")


def _answer(response: httpx.Response) -> Any:
    value = response.json()["value"]
    assert response.status_code == 200, value
    return value
