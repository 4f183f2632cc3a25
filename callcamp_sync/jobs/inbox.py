"""What arrived: the newest file of a path or glob, whether it is whole yet, and where it goes when it was done. Edge: the disk.

In:  a source as a job names it (`inbox/renewals-*.xlsx#Contacts`). Out: a File, or null where nothing is there.
Files that another program is still at work on under a name of their own (`.part`, `.tmp`, Excel's `~$`) are none.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import anyio

from callcamp_sync.errors import SheetError, StateError

_WILD = "*?["
_UNDER_WAY = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".download", ".swp")

#: How many waits a file gets to come to rest.
_LOOKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it was seen. sheet: what stands behind `#`. size: bytes. modified: nanoseconds since the epoch."""

    path: Path
    sheet: str | None
    size: int
    modified: int

    @property
    def named(self) -> str:
        """As a SHEET argument."""
        return f"{self.path}#{self.sheet}" if self.sheet else str(self.path)

    def age(self, now: datetime) -> float:
        """Seconds since it was written."""
        return now.timestamp() - self.modified / 1e9


def newest(source: str) -> File | None:
    """The file that the source means; of a glob the one that was written last, then the last by name.

    Raises SheetError where it cannot even be looked for.
    """
    for name, sheet in _cuts(source):
        found = [file for path in _matches(name) if (file := _seen(path, sheet)) is not None]
        if found:
            return max(found, key=lambda file: (file.modified, file.path.name))
    return None


async def growth(file: File, seconds: float) -> tuple[File, int]:
    """Wait until size and time of the file have stood still for `seconds`: the file as it is then, and 0.

    The second answer is by how many bytes it was still changing when patience was over (at least 1).
    """
    grown = 0
    for _ in range(_LOOKS):
        await anyio.sleep(seconds)
        now = _seen(file.path, file.sheet)
        if now is None:
            return file, max(file.size, 1)
        if (now.size, now.modified) == (file.size, file.modified):
            return now, 0
        grown = max(abs(now.size - file.size), 1)
        file = now
    return file, grown


def archive(file: File, folder: Path, now: datetime) -> Path:
    """Move the file that was done into the folder, under a name that says when; nothing there is ever replaced.

    Raises StateError: another file has taken its place since it was read, or it cannot be moved.
    """
    seen = _seen(file.path, file.sheet)
    if seen != file:
        raise StateError(
            f"`{file.path}` is not the file that was read any more, so it was not archived",
            hint="the next run takes what stands there now",
        )
    target = _free(folder.expanduser(), file.path, now)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(file.path, target)
    except OSError as error:
        raise StateError(
            f"`{file.path}` cannot be archived to `{target}`: {error.strerror or error}", hint="check the folder and its rights"
        ) from error
    return target


def _free(folder: Path, path: Path, now: datetime) -> Path:
    stem = f"{path.stem}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    names = (f"{stem}{f'-{number}' if number else ''}{path.suffix}" for number in range(1_000))
    return next(target for name in names if not (target := folder / name).exists())


def _cuts(source: str) -> Iterator[tuple[str, str | None]]:
    """The whole name first: file names may hold `#`."""
    yield source, None
    for place, sign in enumerate(source):
        if sign == "#":
            yield source[:place], source[place + 1 :].strip() or None


def _matches(name: str) -> list[Path]:
    try:
        return _found(name)
    except (OSError, RuntimeError) as error:  # a folder without rights, a name that is too long, a home that nobody has
        words = error.strerror if isinstance(error, OSError) else error
        raise SheetError(f"`{name}` cannot be looked for: {words}", hint="check the path, and the rights of its folder") from None


def _found(name: str) -> list[Path]:
    plain = Path(name).expanduser()
    if plain.is_file():
        return [plain]
    if not any(sign in name for sign in _WILD):
        return []
    try:
        found = list(Path(plain.anchor).glob(str(plain.relative_to(plain.anchor))))
    except ValueError:
        return []
    return [path for path in found if path.is_file() and not _is_under_way(path)]


def _is_under_way(path: Path) -> bool:
    return path.name.startswith((".", "~$")) or path.name.lower().endswith(_UNDER_WAY)


def _seen(path: Path, sheet: str | None) -> File | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return File(path=path, sheet=sheet, size=stat.st_size, modified=stat.st_mtime_ns)
