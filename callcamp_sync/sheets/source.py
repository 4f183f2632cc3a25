"""What the user named, as bytes: path, glob, `FILE.xlsx#Sheet`, `-`. An edge: reads files and standard input.

In:  the source as the user wrote it.
Out: its bytes (of what is in it, if it is an archive), sha256 of the file, and the sheet named after `#`. Nothing is interpreted
here but what kind of file the bytes are.
Rule source: interface document, "SHEET: a path, a glob, `FILE.xlsx#Sheet name`, or `-` (CSV on stdin)".
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets import packed
from callcamp_sync.sheets.damage import ZIP_DAMAGE
from callcamp_sync.sheets.limits import STANDARD, Limits

Kind = Literal["text", "xlsx", "xls", "xlsb", "ods"]

_WILD = "*?["
#: A larger file is not looked into before its reader says whether it takes it.
_LARGEST_LISTED = 1_000_000_000
_PICTURES = ("/media/", "Pictures/")
_JSON = re.compile(rb"\[?\s*\{\s*\"")
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = (
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"PAR1", "a Parquet file"),
    (b"SQLite format 3", "a database"),
    (b"BZh", "a compressed file"),
    (b"\xfd7zXZ", "a compressed file"),
    (b"\x28\xb5\x2f\xfd", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The bytes of a sheet. path: as the user gave it (a glob: the file that matched). sheet: what stands after `#`.

    sha256: of the file, packed if it is packed.
    """

    path: str
    sheet: str | None
    data: bytes
    sha256: str


def read_source(source: str | Path, limits: Limits = STANDARD) -> Source:
    """Read the file that `source` names.

    A glob must match exactly one file. A `#` splits off a sheet name only where no file has the whole name.
    Raises SheetError: nothing there, a folder, no permission, empty, too large, changed while it was read.
    """
    name = str(source)
    if name == "-":
        path, sheet, data = "-", None, sys.stdin.buffer.read(limits.bytes + 1)
    else:
        path, sheet = _locate(name)
        data = _read(Path(path).expanduser(), limits)
    if not data:
        raise SheetError(f"`{_shown(path)}` is empty (0 bytes)", hint="export the sheet again, with its header row")
    limits.check_size(len(data), _shown(path))
    digest = hashlib.sha256(data).hexdigest()
    return Source(path=path, sheet=sheet, data=packed.unpacked(data, _shown(path), limits), sha256=digest)


def kind_of(source: Source) -> Kind:
    """What the bytes are, by the bytes alone: a workbook of some kind (xlsx stands for .xlsm, too), or delimited text.

    Raises SheetError for what is neither: protected workbooks, HTML, pictures and the like, each by its name.
    """
    head = source.data[:4096]
    shown = _shown(source.path)
    if head.startswith(_OLE):
        return _ole_kind(shown, source.data)
    if head.startswith(packed.ZIP):
        return _zip_kind(source.data)
    for magic, what in _FOREIGN:
        if head.startswith(magic):
            raise SheetError(f"`{shown}` is {what}, not a sheet", hint="save the sheet as .xlsx or .csv")
    _refuse_markup(shown, head)
    if shown.lower().endswith((".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")):
        hint = "open it in the program that wrote it and save it as .xlsx"
        raise SheetError(f"`{shown}` is named like a workbook and is none (or it is truncated)", hint=hint)
    return "text"


def text_size(source: str) -> int:
    """Bytes of text in the file that `source` names, told without reading it: 0 where that is not known. Never raises.

    Of a workbook or a zip: what its list of contents says, without pictures. Of a `.gz`: what it has on disk.
    """
    try:
        path = Path(_locate(source)[0]).expanduser()
        size = path.stat().st_size if path.is_file() else 0
        if not 0 < size <= _LARGEST_LISTED or not zipfile.is_zipfile(path):
            return size
        with zipfile.ZipFile(path) as archive:
            return sum(one.file_size for one in archive.infolist() if not any(name in one.filename for name in _PICTURES))
    except SheetError:
        return 0
    except ZIP_DAMAGE:
        return 0


def _shown(path: str) -> str:
    return "standard input" if path == "-" else path


def _locate(name: str) -> tuple[str, str | None]:
    """The path, and the sheet behind `#`, if any. The whole name is tried first: file names may contain `#`."""
    cuts = [len(name), *(i for i, c in enumerate(name) if c == "#")]
    for cut in cuts:
        path = _one_match(name[:cut])
        if path is not None:
            return path, name[cut + 1 :].strip() or None
    if any(c in name for c in _WILD):
        raise SheetError(f"no file matches `{name}`", hint="check the folder and the pattern")
    missing = name.partition("#")[0]
    raise SheetError(f"there is no file `{missing}`", hint="check the path; relative paths start at the current folder")


def _one_match(name: str) -> str | None:
    if not name or "\0" in name:
        return None
    plain = Path(name).expanduser()
    if os.path.lexists(plain):
        return name
    found = _matches(plain) if any(c in name for c in _WILD) else []
    if len(found) > 1:
        some = ", ".join(f"`{path}`" for path in found[:5]) + (" …" if len(found) > 5 else "")
        raise SheetError(f"`{name}` matches {len(found)} files: {some}", hint="name one of them")
    return found[0] if found else None


def _matches(pattern: Path) -> list[str]:
    """The files that fit, in order, without hidden ones and without the lock files that Excel leaves beside an open workbook."""
    try:
        found = list(Path(pattern.anchor).glob(str(pattern.relative_to(pattern.anchor))))
    except (ValueError, OSError):
        return []
    return sorted(str(path) for path in found if path.is_file() and not path.name.startswith((".", "~$")))


def _read(path: Path, limits: Limits) -> bytes:
    try:
        with path.open("rb") as file:
            before = os.fstat(file.fileno())
            if not (stat.S_ISREG(before.st_mode) or stat.S_ISFIFO(before.st_mode)):
                raise SheetError(f"`{path}` is not a file that can be read as a sheet")
            if stat.S_ISREG(before.st_mode):
                limits.check_size(before.st_size, str(path))
            data = file.read(limits.bytes + 1)
            after = path.stat() if stat.S_ISREG(before.st_mode) else before
    except IsADirectoryError as error:
        raise SheetError(f"`{path}` is a folder, not a sheet", hint="name the file in it") from error
    except PermissionError as error:
        raise SheetError(f"`{path}` cannot be read: no permission", hint="check the rights of the file") from error
    except OSError as error:
        raise SheetError(f"`{path}` cannot be read: {error.strerror or error}") from error
    if _identity(before) != _identity(after) or (
        stat.S_ISREG(before.st_mode) and len(data) != min(before.st_size, limits.bytes + 1)
    ):
        raise SheetError(f"`{path}` changed while it was read", hint="wait until it is written and run again")
    return data


def _identity(info: os.stat_result) -> tuple[int, int, int, int]:
    return info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns


def _ole_kind(shown: str, data: bytes) -> Kind:
    if _ENCRYPTED in data:
        raise SheetError(f"`{shown}` is protected with a password", hint="save a copy without the password")
    if not any(name.encode("utf-16-le") in data for name in ("Workbook", "Book")):
        raise SheetError(f"`{shown}` is an old Office file without a sheet", hint="save the table as .xlsx or .csv")
    return "xls"


def _zip_kind(data: bytes) -> Kind:
    """What is damaged, or no workbook at all, is told by package.py."""
    try:
        names = {name.lower() for name in zipfile.ZipFile(io.BytesIO(data)).namelist()}
    except ZIP_DAMAGE:
        return "xlsx"
    if "xl/workbook.xml" in names:
        return "xlsx"
    return "xlsb" if "xl/workbook.bin" in names else "ods" if "content.xml" in names else "xlsx"


def _refuse_markup(shown: str, head: bytes) -> None:
    start = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta")):
        raise SheetError(f"`{shown}` is a web page, not a sheet", hint="open it in Excel and save it as .xlsx")
    if _JSON.match(start):
        raise SheetError(
            f"`{shown}` is JSON, not a sheet", hint="save it as .csv; `callcamp-sync export` does with `--format csv`"
        )
    if start.startswith(b"<?xml"):
        raise SheetError(f"`{shown}` is an XML file, not a sheet", hint="open it in Excel and save it as .xlsx")
