r"""A Record Type -> one ParameterSpec a parameter, and the judgement of its patterns.

Pure: no I/O.
In:  the JSON of `GET /record-types/{uuid}`; a String column and one of the vendor's patterns.
Out: a RecordSchema; per value whether the pattern fits, or a sentence why it cannot be run here.
Patterns come from a server: they run in RE2, in linear time, whatever they say. They are read as JavaScript reads them and
searched for, so "^…$" is the pattern's own matter; where a reading is not certain, the answer is "not checked", never "the row is
wrong".
Rule source: the vendor's page "Record types" (parameters, types; `parameters` may be missing; where a select keeps its choices is
not shown); ECMA-262 for patterns, RE2's syntax page for what it lacks.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import polars as pl
import re2
from polars.exceptions import ComputeError

from callcamp_sync.fields import Field, Home, Kind
from callcamp_sync.issues import shorten
from callcamp_sync.rules import ParameterSpec

_KINDS = {
    "text": Kind.TEXT,
    "input": Kind.TEXT,
    "textarea": Kind.TEXT,
    "string": Kind.TEXT,
    "number": Kind.NUMBER,
    "decimal": Kind.NUMBER,
    "bool": Kind.BOOL,
    "date": Kind.DATE,
    "datetime": Kind.INSTANT,
    "currency": Kind.MONEY,
    "country": Kind.COUNTRY,
    "select": Kind.SELECT,
}
#: Where a select may keep its choices, and what of a choice is the value.
_CHOICE_LISTS = ("options", "choices", "values")
_CHOICE_VALUES = ("value", "id", "key", "title", "label", "name")


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """A Record Type, read.

    parameters: in the server's order, each id once. notices: sentences about what could not be read as it stands.
    digest: sha256 (lower hex) of uuid, name and parameters as the server has them: equal digests ask the same of a sheet.
    """

    uuid: str
    name: str
    parameters: tuple[ParameterSpec, ...]
    notices: tuple[str, ...]
    digest: str


def empty_schema() -> RecordSchema:
    """The schema of a campaign without a Record Type: no parameters."""
    return read_record_type({})


def read_record_type(data: Mapping[str, object]) -> RecordSchema:
    """Read a Record Type as the server sends it. Never raises: what is missing is empty, what is odd becomes a notice."""
    listed = data.get("parameters")
    notices: list[str] = []
    specs: dict[str, ParameterSpec] = {}
    if listed is not None and not isinstance(listed, list):
        notices.append("the record type's parameters are not a list and were ignored")
    for place, item in enumerate(listed if isinstance(listed, list) else [], start=1):
        spec = _parameter(item, notices)
        if spec is None:
            notices.append(f"parameter {place} of the record type has no id and was ignored")
        elif spec.field.wire in specs:
            notices.append(f"the record type has the parameter `{spec.field.wire}` twice; the first counts")
        else:
            specs[spec.field.wire] = spec
    return RecordSchema(_text(data.get("uuid")), _text(data.get("name")), tuple(specs.values()), tuple(notices), _digest(data))


def _digest(data: Mapping[str, object]) -> str:
    meaning = {key: data.get(key) for key in ("uuid", "name", "parameters")}
    canonical = json.dumps(meaning, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _parameter(item: object, notices: list[str]) -> ParameterSpec | None:
    """One parameter, or None where it has no id; an unknown type is told in `notices` and read as text."""
    if not isinstance(item, Mapping) or not _text(item.get("id")):
        return None
    name = _text(item.get("id"))
    title = _text(item.get("title")) or name
    declared = _text(item.get("type")).lower()
    kind = _KINDS.get(declared, Kind.TEXT)
    if declared not in _KINDS:
        what = f"has the unknown type `{shorten(declared)}`" if declared else "has no type"
        notices.append(f"the parameter `{name}` {what} and is read as text")
    choices = _choices(item) if kind is Kind.SELECT else ()
    if kind is Kind.SELECT and not choices:
        notices.append(f"the choices of `{name}` are not shown, so its values are not checked here")
    return ParameterSpec(
        field=Field(f"parameters.{name}", kind, Home.PARAMETER, title, tuple(dict.fromkeys((name, title)))),
        required=item.get("required") is True or _text(item.get("required")).lower() == "true",
        pattern=_text(item.get("validation")) or None,
        error=_text(item.get("error")) or None,
        default=_text(item.get("default")) or None,
        choices=choices,
    )


def _text(value: object) -> str:
    """A scalar of JSON as text, anything else as ""."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _choices(item: Mapping[str, object]) -> tuple[str, ...]:
    """The choices of a select: strings, or objects with a value; each once, in the server's order."""
    for key in _CHOICE_LISTS:
        listed = item.get(key)
        if isinstance(listed, Mapping):
            listed = list(listed)
        if isinstance(listed, Sequence) and not isinstance(listed, str):
            found = [_choice(entry) for entry in listed]
            return tuple(dict.fromkeys(choice for choice in found if choice))
    return ()


def _choice(entry: object) -> str:
    if not isinstance(entry, Mapping):
        return _text(entry)
    return next((_text(entry[key]) for key in _CHOICE_VALUES if _text(entry.get(key))), "")


# --- patterns


class _UnfitPatternError(ValueError):
    """The pattern cannot be read for certain; the message says why."""


#: JavaScript's white space; RE2's \s knows five of them.
_SPACE = r"\t\n\v\f\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}"
_NO_SPACE = (
    r"\x{0}-\x{8}\x{E}-\x{1F}!-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E}"
    r"\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{FEFE}\x{FF00}-\x{10FFFF}"
)
_ANY_BUT_LINE_END = r"[^\n\r\x{2028}\x{2029}]"
_LITERAL = re.compile(r"/(.+)/([dgimsuvy]*)", re.DOTALL)
_ESCAPES = r"""\\u(?P<high>[dD][89abAB][0-9a-fA-F]{2})\\u(?P<low>[dD][c-fC-F][0-9a-fA-F]{2})
    | \\u(?P<four>[0-9a-fA-F]{4}) | \\u\{(?P<many>[0-9a-fA-F]{1,6})\} | \\x(?P<two>[0-9a-fA-F]{2})
    | \\c(?P<control>[A-Za-z]) | (?P<property>\\[pP]\{[^{}]*\}) | \\(?P<escaped>.) """
_INSIDE = re.compile(_ESCAPES + r"| (?P<plain>.)", re.VERBOSE | re.DOTALL)
_OUTSIDE = re.compile(_ESCAPES + r"| (?P<any>\[\^\]) | (?P<none>\[\]) | (?P<open>\[\^?) | (?P<plain>.)", re.VERBOSE | re.DOTALL)
#: Characters that JavaScript without "u" counts twice; line ends that RE2's "m" does not know.
_TWO_UNITS = "\U00010000-\U0010ffff"
_LINE_ENDS = "\r\u2028\u2029"
_SETS = frozenset("dDwWsS")
#: Patterns that mean the same to every engine: anchors, groups, characters and sets of ASCII, counts.
_COMMON = re.compile(
    r"""(?: \^ | \$ | \| | \((?:\?:)? | (?: \) | [A-Za-z0-9_@\#%:;,!'"<>/ -] | \\[d.+*?()\[\]{}|^$/-]
    | \[(?: [A-Za-z0-9]-[A-Za-z0-9] | [A-Za-z0-9_@.,+/ ] | \\[d.-] )+ -? \] ) (?: [*+?] | \{\d{1,3}(?:,\d{0,3})?\} )? )+""",
    re.VERBOSE | re.ASCII,
)
_SET_OR_ESCAPE = re.compile(r"\\.|\[[^\]]*\]")
_SAME = frozenset("dDwWfnrtv")


def judge_pattern(values: pl.Series, pattern: str) -> pl.Series | str:
    """Whether the pattern is found in each value.

    values: String. pattern: as the server has it; "/…/i" is unwrapped. An anchor is the pattern's own matter.
    Returns a Boolean series, same length and order and name; null for null, and null where it is not certain: a value that does
    not fit and holds a character beyond U+FFFF, which JavaScript without "u" counts twice, or, with "m", an odd line end. Or a
    sentence why the pattern cannot be run here. Never raises.
    """
    try:
        source, uncertain = _as_re2(pattern)
        engine = re2.compile(source, _quiet())
    except _UnfitPatternError as error:
        return str(error)
    except re2.error as error:
        return _why(error)
    cells = values.cast(pl.String)
    sure = _surely_fits(cells, pattern)
    distinct = cells.filter(~sure).drop_nulls().unique()
    fits = pl.Series([_fits(engine.search, cell, uncertain) for cell in distinct], dtype=pl.Boolean)
    known = pl.DataFrame({"cell": distinct, "fits": fits})
    both = pl.DataFrame({"cell": cells, "sure": sure}).join(known, on="cell", how="left", maintain_order="left")
    return both.select(pl.when("sure").then(pl.lit(value=True)).otherwise("fits").alias(values.name)).to_series()


def _surely_fits(cells: pl.Series, pattern: str) -> pl.Series:
    """Where a pattern of the common kind is found in a cell, by column; false where RE2 must tell.

    Only what every engine reads alike is asked of polars: ASCII letters, digits and signs, sets of these, groups, counts.
    """
    if _COMMON.fullmatch(pattern):
        with suppress(ComputeError):  # too large for polars' engine
            return cells.str.contains(_SET_OR_ESCAPE.sub(_without_digit, pattern))
    return pl.repeat(value=False, n=cells.len(), dtype=pl.Boolean, eager=True)


def _without_digit(found: re.Match[str]) -> str:
    r"""A set, or an escape, without \d, which is more than ASCII to some engines."""
    if found[0].startswith("["):
        return found[0].replace(r"\d", "0-9")
    return "[0-9]" if found[0] == r"\d" else found[0]


def _quiet() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


def _fits(search: Callable[[str], object], cell: str, uncertain: re.Pattern[str]) -> bool | None:
    if search(cell) is not None:
        return True
    return None if uncertain.search(cell) else False


def _why(error: Exception) -> str:
    """RE2's message as a sentence for people."""
    said = b"".join(part for part in error.args if isinstance(part, bytes)).decode(errors="replace")
    if re.search(r"operator: \(\?<?[=!]", said):
        return "it looks ahead or behind, which cannot be done in linear time"
    return f"it cannot be run in linear time: {shorten(said)}"


def _as_re2(pattern: str) -> tuple[str, re.Pattern[str]]:
    """(the pattern as RE2 spells it, what makes a value that does not fit uncertain). Raises _UnfitPatternError."""
    literal = _LITERAL.fullmatch(pattern)
    body, flags = (literal[1], literal[2]) if literal else (pattern, "")
    if set(flags) & set("vy"):
        raise _UnfitPatternError(f"its flags `{flags}` have no counterpart here")
    prefix = "".join(flag for flag in "ims" if flag in flags)
    source = (f"(?{prefix})" if prefix else "") + "".join(_pieces(body, dot_all="s" in flags))
    uncertain = ("" if "u" in flags else _TWO_UNITS) + (_LINE_ENDS if "m" in flags else "")
    return source, re.compile(f"[{uncertain}]" if uncertain else "(?!)")


def _pieces(body: str, *, dot_all: bool) -> Iterator[str]:
    """The pattern's tokens in RE2's spelling."""
    tokens = list(_tokens(body))
    for place, (token, inside) in enumerate(tokens):
        if token["plain"] == "\\":
            raise _UnfitPatternError("it ends in a backslash")
        if inside:
            around = tokens[place - 1 : place] + tokens[place + 1 : place + 2]
            yield _inside(token, beside_set=any(_is_set(neighbour) for neighbour, _ in around))
        else:
            yield _outside(token, dot_all=dot_all)


def _tokens(body: str) -> Iterator[tuple[re.Match[str], bool]]:
    """Each token, and whether it stands within brackets (the closing one does, the opening one does not)."""
    place, inside = 0, False
    while token := (_INSIDE if inside else _OUTSIDE).match(body, place):
        yield token, inside
        inside = token["plain"] != "]" if inside else token["open"] is not None
        place = token.end()


def _is_set(token: re.Match[str]) -> bool:
    return token["property"] is not None or (token["escaped"] or "-") in _SETS


def _outside(token: re.Match[str], *, dot_all: bool) -> str:
    """A token outside of brackets."""
    if token["any"]:
        return r"[\x{0}-\x{10FFFF}]"
    if token["none"]:
        return r"[^\x{0}-\x{10FFFF}]"
    if token["plain"] == "." and not dot_all:
        return _ANY_BUT_LINE_END
    if token["escaped"] in {"b", "B"}:
        return token[0]
    if token["escaped"] in {"s", "S"}:
        return f"[{_SPACE}]" if token["escaped"] == "s" else f"[^{_SPACE}]"
    return token[0] if token["plain"] or token["open"] else _escape(token)


def _inside(token: re.Match[str], *, beside_set: bool) -> str:
    r"""A token within brackets; beside_set: next to \w and its like, where JavaScript's "-" is no range."""
    if token["plain"] == "[":
        if token.string.startswith(("[:", "[.", "[="), token.start()):
            raise _UnfitPatternError("`[:…:]` does not mean the same everywhere")
        return r"\["
    if token["plain"] == "-" and beside_set:
        return r"\-"
    if token["escaped"] == "b":
        return r"\x08"
    if token["escaped"] in {"s", "S"}:
        return _SPACE if token["escaped"] == "s" else _NO_SPACE
    return token["plain"] or _escape(token)


def _escape(token: re.Match[str]) -> str:
    """An escape that means one character, or a set that RE2 knows by the same name."""
    if token["property"]:
        return token[0]
    if token["high"]:
        return _point(0x10000 + ((int(token["high"], 16) & 0x3FF) << 10) + (int(token["low"], 16) & 0x3FF))
    number = token["four"] or token["many"] or token["two"]
    if number:
        return _point(int(number, 16))
    if token["control"]:
        return _point(ord(token["control"]) & 0x1F)
    return _escaped(token["escaped"], following=token.string[token.end() : token.end() + 1])


def _escaped(char: str, *, following: str) -> str:
    """A backslash and one character."""
    if char in _SAME:
        return "\\" + char
    if char == "0" and not following.isdigit():
        return _point(0)
    if char.isdigit() or char == "k":
        raise _UnfitPatternError("it refers back to an earlier part, which cannot be done in linear time")
    if char.isascii() and char.isalpha():
        raise _UnfitPatternError(f"`\\{char}` does not mean the same everywhere")
    return "\\" + char if char.isascii() and char.isprintable() and char != "_" else char


def _point(number: int) -> str:
    if 0xD800 <= number <= 0xDFFF or number > 0x10FFFF:
        raise _UnfitPatternError("it names half a character")
    return f"\\x{{{number:X}}}"
