"""A sheet in an archive: `.gz`, or a `.zip` of one file. Pure: works on bytes, no I/O.

In:  the bytes of a file.
Out: the bytes of the one file inside, or the same bytes where they are no archive (a workbook is a zip, too, and stays as it is).
Archives in archives are refused: nobody sends a sheet so, and bombs are made so.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import IO

from callcamp_sync.errors import SheetError
from callcamp_sync.sheets.damage import ZIP_DAMAGE
from callcamp_sync.sheets.limits import Limits

GZIP = b"\x1f\x8b"
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_BLOCK = 1 << 20
#: Parts that tell that a zip is a document of its own: Office Open XML, or OpenDocument.
_DOCUMENT = ("[content_types].xml", "xl/", "word/", "ppt/", "content.xml", "mimetype")
_MAX_RATIO, _RATIO_FROM = 250, 50_000_000


def unpacked(data: bytes, shown: str, limits: Limits) -> bytes:
    """The sheet in the archive. Raises SheetError: no file or several inside, a password, damage, more than the limits."""
    if data.startswith(GZIP):
        return _inner(_gunzip(data, shown, limits), shown)
    if data.startswith(ZIP) and (archive := _plain_archive(data)) is not None:
        return _inner(_only_member(archive, shown, limits), shown)
    return data


def _plain_archive(data: bytes) -> zipfile.ZipFile | None:
    """The archive, or None for a document; what is damaged is told by those who read documents."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except ZIP_DAMAGE:
        return None
    return None if any(name.lower().startswith(_DOCUMENT) for name in archive.namelist()) else archive


def _inner(data: bytes, shown: str) -> bytes:
    if data.startswith(GZIP) or (data.startswith(ZIP) and _plain_archive(data) is not None):
        raise SheetError(f"`{shown}` is an archive in an archive", hint="unpack it and name the sheet in it")
    if not data:
        raise SheetError(f"the file in `{shown}` is empty (0 bytes)", hint="export the sheet again, with its header row")
    return data


def _gunzip(data: bytes, shown: str, limits: Limits) -> bytes:
    """Every member of the stream, one behind the other, as gzip itself reads them."""
    out, rest, most = bytearray(), data, _most(len(data), limits)
    try:
        while rest.startswith(GZIP):
            engine = zlib.decompressobj(wbits=31)
            out += engine.decompress(rest, most + 1 - len(out))
            while engine.unconsumed_tail and len(out) <= most:
                out += engine.decompress(engine.unconsumed_tail, most + 1 - len(out))
            _check(len(out), most, shown, limits)
            if not engine.eof:
                raise _damaged(shown)
            rest = engine.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise _damaged(shown) from error
    if rest:
        raise _damaged(shown)
    return bytes(out)


def _only_member(archive: zipfile.ZipFile, shown: str, limits: Limits) -> bytes:
    infos = [info for info in archive.infolist() if not info.is_dir() and not _litter(info.filename)]
    if len(infos) != 1:
        some = ", ".join(f"`{info.filename}`" for info in infos[:5]) + (" …" if len(infos) > 5 else "")
        raise SheetError(
            f"`{shown}` is a zip archive with {len(infos)} files{': ' if some else ''}{some}",
            hint="pack one sheet, or unpack it and name the sheet",
        )
    if infos[0].flag_bits & 1:
        raise SheetError(f"`{shown}` is protected with a password", hint="unpack it and name the sheet in it")
    try:
        with archive.open(infos[0]) as stream:
            return _bounded(stream, infos[0].compress_size, shown, limits)
    except ZIP_DAMAGE as error:
        raise _damaged(shown) from error


def _bounded(stream: IO[bytes], packed: int, shown: str, limits: Limits) -> bytes:
    out, most = bytearray(), _most(packed, limits)
    while block := stream.read(_BLOCK):
        out += block
        _check(len(out), most, shown, limits)
    return bytes(out)


def _most(packed: int, limits: Limits) -> int:
    return min(limits.bytes, max(_RATIO_FROM, packed * _MAX_RATIO))


def _check(size: int, most: int, shown: str, limits: Limits) -> None:
    limits.check_size(size, shown)
    if size > most:
        raise SheetError(f"`{shown}` unpacks to more than {most:,} bytes", hint="unpack it and look at what is in it")


def _litter(name: str) -> bool:
    """What programs leave in archives beside the file."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] in (".DS_Store", "Thumbs.db", "desktop.ini")


def _damaged(shown: str) -> SheetError:
    return SheetError(f"`{shown}` is a damaged archive", hint="copy or export it again")
