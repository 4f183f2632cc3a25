"""Where the token is kept: a file, a command's answer, the system's keyring. An edge: reads files, runs a command.

In:  what the user named. Out: the text as it stands there, not yet judged; SettingsError otherwise, which holds no part of it.
Rules: a file that others can use is refused. A command is run without a shell, gets no input, and has COMMAND_SECONDS; what it
writes to standard error is dropped, because nobody knows what it holds.
"""

from __future__ import annotations

import os
import select
import signal
import stat
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from callcamp_sync.errors import SettingsError

#: No token is longer; a file or an answer that is was named by mistake.
MOST_BYTES = 16_384

#: Under which name the keyring has it; the account is the setting's value.
SERVICE = "callcamp-sync"

#: How long the command may take, in seconds. A job at night must not wait for somebody to type a password.
COMMAND_SECONDS = 20.0


def from_file(path: Path) -> str:
    """The file's text. Opened first and judged by the handle, so that it cannot be exchanged in between."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(handle, "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise SettingsError(f"the token file `{path}` is not a regular file", hint="name a plain file")
            if mode & 0o177:
                raise SettingsError(
                    f"the token file `{path}` can be used by others (mode {mode & 0o777:o})", hint=f"chmod 600 {path}"
                )
            return _text(file.read(MOST_BYTES + 1))
    except OSError as error:
        raise SettingsError(
            f"the token file `{path}` cannot be read: {error.strerror}", hint="correct `token_file` or `CALLCAMP_TOKEN_FILE`"
        ) from None


def from_command(words: Sequence[str], *, seconds: float = COMMAND_SECONDS) -> str:
    """What the command prints. It is ended, with whatever it started, when its time is over or it prints more than a token."""
    name = words[0]
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command, from a file that only the user can write
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        raise SettingsError(
            f"the token command `{name}` cannot be run: {error.strerror}",
            hint="correct `token_command`; it is run without a shell",
        ) from None
    text = None
    try:
        text = _printed(process, time.monotonic() + seconds)
    finally:
        _end(process, well=text is not None and len(text) <= MOST_BYTES)
    if text is None:
        raise SettingsError(
            f"the token command `{name}` took longer than {seconds:g} s",
            hint="it must answer without asking; unlock the password store before",
        )
    if process.returncode != 0 and len(text) <= MOST_BYTES:
        raise SettingsError(
            f"the token command `{name}` ended with exit {process.returncode}", hint="run it by itself to see what it says"
        )
    return _text(text)


def from_keyring(account: str) -> str:
    """The password that the system's keyring has for the account. Raises SettingsError: no keyring, or nothing in it."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise SettingsError(
            "`token_keyring` needs the library `keyring`", hint="pip install 'callcamp-sync[keyring]', or use `token_file`"
        ) from None
    try:
        found = keyring.get_password(SERVICE, account)
    except KeyringError as error:
        raise SettingsError(
            f"the keyring cannot be used ({type(error).__name__})",
            hint="on a machine without a desktop use `CALLCAMP_TOKEN_FILE` or `token_command`",
        ) from None
    if found is None:
        raise SettingsError(
            f"the keyring has nothing for `{SERVICE}` and the account that `token_keyring` names",
            hint=f"put it there with `keyring set {SERVICE} ACCOUNT`",
        )
    return str(found)


def _printed(process: subprocess.Popen[bytes], until: float) -> bytes | None:
    """Standard output to its end, or to more than a token; null when the time is over."""
    assert process.stdout is not None
    found = b""
    while len(found) <= MOST_BYTES:
        if not select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
            return None
        part = os.read(process.stdout.fileno(), MOST_BYTES + 1)
        if not part:
            return found if _ended(process, until) else None
        found += part
    return found


def _ended(process: subprocess.Popen[bytes], until: float) -> bool:
    try:
        process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _end(process: subprocess.Popen[bytes], *, well: bool) -> None:
    """Leave nothing behind. well: it ended by itself and closed its output; else it is ended, with whatever it started."""
    if not well:
        # The command itself may be gone and its children not: the group is named by its id all the same.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _text(data: bytes) -> str:
    return data.decode("utf-8", errors="replace")
