"""Bytes of delimited text -> UTF-8, by evidence and never with a replacement character. Pure: no I/O.

In:  the file's bytes, and the encoding if the user named one.
Out: the same text as UTF-8 without byte order mark, the encoding's name, and a warning where it is only probable.
Order of evidence: byte order mark; NUL pattern of UTF-16; strict UTF-8; Windows-1252, with a warning.
Works in blocks, so that a large file is never held as a Python string.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from callcamp_sync.errors import SheetError

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_BLOCK = 1 << 22
_MARK = codecs.BOM_UTF8


#: Encodings in which a line end is the one byte that it is in ASCII, wherever it stands.
_CUTTABLE = frozenset({"utf-8", "ascii", "cp1252", "iso8859-1", "iso8859-15"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Text as UTF-8. encoding: what the file was in. warnings: sentences for the user."""

    utf8: bytes
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, *, encoding: str | None = None) -> Decoded:
    """Decode `data` strictly.

    encoding: a name that Python knows; None finds it by evidence. Raises SheetError: unknown name, bytes that the encoding
    does not have (with their offset), NUL characters.
    """
    warnings: tuple[str, ...] = ()
    if encoding is not None:
        utf8, name = _transcoded(data, encoding), encoding
    elif (name := _by_mark(data) or _by_nuls(data) or "utf-8") != "utf-8":
        utf8 = _transcoded(data, name)
    else:
        utf8, name, warnings = _utf8_or_western(data)
    utf8 = utf8.removeprefix(_MARK)
    if (at := utf8.find(b"\0")) >= 0:
        line = utf8.count(b"\n", 0, at) + 1
        raise SheetError(f"line {line} of the file has a NUL character", hint="the file is damaged, or no text; export it again")
    return Decoded(utf8=utf8, encoding=name, warnings=warnings)


def cuttable(head: bytes, encoding: str | None) -> str | None:
    """The encoding in which a file that begins so may be cut between bytes; "utf-8" may still turn out to be wrong.

    None for one that has to be decoded as a whole, and for a name that is none.
    """
    if encoding is None:
        return "utf-8" if (_by_mark(head) or _by_nuls(head) or "utf-8") == "utf-8" else None
    try:
        return encoding if codecs.lookup(encoding).name in _CUTTABLE else None
    except LookupError:
        return None


def western(line: int) -> str:
    """The warning for a file that is probably Windows-1252. line: where it is not UTF-8."""
    return f"the file is not UTF-8 (line {line}); it was read as Windows-1252: check letters with accents"


def _by_mark(data: bytes) -> str | None:
    return next((name for mark, name in _MARKS if data.startswith(mark)), None)


def _by_nuls(data: bytes) -> str | None:
    """UTF-16 without a mark: in western text every second byte of it is NUL, always on the same side."""
    head = data[: 4096 & ~1]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if len(data) % 2 or half == 0:
        return None
    if odd > half * 0.4 and even < half * 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.4 and odd < half * 0.05 else None


def _utf8_or_western(data: bytes) -> tuple[bytes, str, tuple[str, ...]]:
    try:
        _check_utf8(data)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        if data.startswith(_MARK):
            raise SheetError(f"the file says it is UTF-8 and line {line} is not (byte offset {error.start})") from error
        return _transcoded(data, "cp1252"), "cp1252", (western(line),)
    return data, "utf-8", ()


def _check_utf8(data: bytes) -> None:
    """Raise UnicodeDecodeError whose `start` is the offset in the whole file."""
    start = 0
    while start < len(data):
        end = min(start + _BLOCK, len(data))
        # A block ends before the lead byte of a character that it would cut.
        while end < len(data) and end > start and data[end] & 0xC0 == 0x80:
            end -= 1
        try:
            data[start : max(end, start + 1)].decode("utf-8")
        except UnicodeDecodeError as error:
            raise UnicodeDecodeError("utf-8", data, start + error.start, start + error.end, error.reason) from error
        start = max(end, start + 1)


def _transcoded(data: bytes, encoding: str) -> bytes:
    out = bytearray()
    done = 0
    decoder = _decoder(encoding)
    try:
        for done in range(0, len(data), _BLOCK):
            out += decoder.decode(data[done : done + _BLOCK], final=done + _BLOCK >= len(data)).encode("utf-8")
    except UnicodeError as error:
        at = done + getattr(error, "start", 0)
        hint = "save it as UTF-8 (in Excel: CSV UTF-8), or pass the right encoding"
        raise SheetError(f"the file cannot be read as {encoding}: byte offset {at}", hint=hint) from error
    return bytes(out)


def _decoder(encoding: str) -> codecs.IncrementalDecoder:
    try:
        b"    ".decode(encoding, "ignore")  # refuses codecs that are no encodings of text, such as hex
        return codecs.getincrementaldecoder(encoding)("strict")
    except (LookupError, ValueError) as error:
        raise SheetError(f"`{encoding}` is not an encoding of text", hint="use a name such as utf-8, cp1252 or utf-16") from error
