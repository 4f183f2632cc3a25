"""What a workbook says of itself: its custom document properties. Works on bytes: no I/O.

In:  the bytes of an .xlsx or .xlsm. Out: property name -> text. What cannot be read says nothing: no property is ever required.
Rule source: ECMA-376, part 1, 22.3 (custom file properties); openpyxl and Excel keep them, Google Sheets drops them.
"""

from __future__ import annotations

import io
import zipfile
from xml.parsers import expat

from callcamp_sync.sheets.damage import ZIP_DAMAGE

_PART = "docProps/custom.xml"
_LARGEST = 1_000_000


def custom_properties(data: bytes) -> dict[str, str]:
    """The text properties of the workbook; {} where it has none, or has some that no program of ours has written."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(_PART) as stream:
            text = stream.read(_LARGEST + 1)
    except ZIP_DAMAGE:
        return {}
    if len(text) > _LARGEST or b"<!DOCTYPE" in text:
        return {}
    try:
        return _parsed(text)
    except expat.ExpatError:
        return {}


def _parsed(text: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    name: str | None = None

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal name
        if tag.rpartition(":")[2] == "property":
            name = attributes.get("name")

    def heard(words: str) -> None:
        if name is not None:
            found[name] = found.get(name, "") + words

    def end(tag: str) -> None:
        nonlocal name
        if tag.rpartition(":")[2] == "property":
            name = None

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.CharacterDataHandler, parser.EndElementHandler = start, heard, end
    parser.Parse(text, True)
    return found
