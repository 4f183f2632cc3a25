"""Guesses as the text of a mapping file, and into one that a person has written. Text in, text out; no I/O.

In:  a Likeness; for `extended` also a mapping file's text. Out: TOML with comments that say how sure each line is and what is
left to decide. The only room that knows tomlkit: what stands in a file, its comments, order and quotes, stays as it is, and only
what is not there is added. Comments name headings, counts and formats, never what a cell holds, apart from words that are
translated.
Rule source: issue 4, item 8; docs/mapping.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Comment, InlineTable, Table

from callcamp_sync.errors import MappingError
from callcamp_sync.fields import Field, Home, Kind
from callcamp_sync.issues import shorten
from callcamp_sync.likeness import SURE, Guess, Likeness

#: Where the form of a mapping file lies, for editors; beside the ready mappings.
SCHEMA_LINE = "#:schema mapping.schema.json"

#: Up to so many words an entry stands on one line.
_INLINE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """A file with what was added to it. added: `[table] field`, in order; empty: the text is the old one, byte for byte."""

    text: str
    added: tuple[str, ...]


def composed(found: Likeness, *, sheet: str, campaign: str | None, tab: str | None = None, schema: bool = False) -> str:
    """A new mapping file.

    sheet: how the user named it. campaign: its name, null where there is none. tab: of a workbook. schema: whether the file's
    form lies beside it, so that its first line may say so.
    """
    document = tomlkit.document()
    for line in _head(sheet):
        document.add(_comment(line))
    document.add(tomlkit.nl())
    document.add("version", tomlkit.item(1))
    if campaign is not None:
        document.add("campaign", tomlkit.item(campaign))
    document.add("description", tomlkit.item(f"Suggested for {sheet}"))
    _source(document, found, tab)
    _phone(document, found)
    for name in ("record", "parameters", "order"):
        guesses = [guess for guess in found.guesses if _home(guess.field) == name]
        if guesses:
            document.add(tomlkit.nl())
            document.add(name, _filled(tomlkit.table(), guesses))
    text = tomlkit.dumps(document)
    rest = "\n".join(f"# {_sober(line)}" for line in _rest(found))
    return (f"{SCHEMA_LINE}\n" if schema else "") + text + (f"\n{rest}\n" if rest else "")


def extended(text: str, found: Likeness, *, path: str) -> Extended:
    """`text` with a line for each surely guessed field that it does not feed, from a heading that it does not use.

    path: for messages. Raises MappingError where `text` is not TOML. What stands there is never changed, moved or removed.
    """
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise MappingError(f"the mapping `{path}` is not TOML: {error}", hint="see docs/mapping.md") from error
    used = set(_headings(document))
    added = []
    for guess in found.guesses:
        home, key = _home(guess.field), guess.field.wire
        new = [heading for heading in guess.headings if heading not in used]
        table = document.get(home)
        if guess.score < SURE or new != list(guess.headings) or (table is not None and (key in table or _takes_rest(table))):
            continue
        if table is None:
            document.add(tomlkit.nl())
            document.add(home, tomlkit.table())
        _add(document[home], guess, inline=True)
        added.append(f"[{home}] {key}")
    return Extended(text=tomlkit.dumps(document) if added else text, added=tuple(added))


def _head(sheet: str) -> list[str]:
    return [
        f"From the columns of {shorten(sheet)} to Callcamp's fields. Suggested: look at every line before you use it.",
        "The number behind a line says how sure it is, of 100. A line that begins with # does not count until the # is gone.",
        "docs/mapping.md explains every key; `callcamp-sync map check` says whether the file fits the sheet.",
    ]


def _home(known: Field) -> str:
    """The table of a mapping file that feeds the field."""
    if known.home is Home.PARAMETER:
        return "parameters"
    return "record" if known.home is Home.RECORD or known.name == "record_uuid" else "order"


def _source(document: tomlkit.TOMLDocument, found: Likeness, tab: str | None) -> None:
    if not found.null_words and tab is None:
        return
    table = tomlkit.table()
    if tab is not None:
        table.add("sheet", tab)
    if found.null_words:
        table.add("null_words", _listed(found.null_words))
        _remark(table, "null_words", "words of this sheet that seem to mean: nothing")
    document.add(tomlkit.nl())
    document.add("source", table)


def _phone(document: tomlkit.TOMLDocument, found: Likeness) -> None:
    """Where numbers without a country code are read: by the country's column, else by a line that a person fills in."""
    country = found.of("country")
    if not found.national:
        return
    table = tomlkit.table()
    if country is not None and country.score >= SURE:
        table.add("region_from", country.headings[0])
        _remark(table, "region_from", f"{found.national} of the numbers looked at have no country code")
        table.add(_comment('region = "GB"   # where they are dialled if the country is blank'))
    else:
        table.add(_comment(f"{found.national} of the numbers looked at have no country code: say where they are dialled"))
        table.add(_comment('region = "GB"'))
    document.add(tomlkit.nl())
    document.add("phone", table)


def _filled(table: Table, guesses: Iterable[Guess]) -> Table:
    """Sure guesses as lines, doubtful ones as comments. Entries with many words are tables of their own, so they come last."""
    guesses = sorted(guesses, key=lambda guess: len(guess.values) > _INLINE and guess.score >= SURE)
    for guess in guesses:
        if guess.score >= SURE:
            _add(table, guess)
        else:
            line = tomlkit.document()
            _add(line, guess, inline=True)
            for text in tomlkit.dumps(line).splitlines():
                table.add(_comment(text))
    return table


def _add(table: Any, guess: Guess, *, inline: bool = False) -> None:
    """One entry, with a comment behind it; what is not certain in a comment before it."""
    key = guess.field.wire
    for line in _doubts(guess):
        table.add(_comment(line))
    table.add(key, _entry(guess, inline=inline))
    _remark(table, key, _reason(guess))


def _remark(table: Any, key: str, words: str) -> None:
    """A comment behind a key's value."""
    table[key].comment(_sober(words))


def _comment(words: str) -> Comment:
    return tomlkit.comment(_sober(words))


def _sober(words: str) -> str:
    """`words` on one line: a heading or a parameter's id must not end a comment and begin a line that counts."""
    return "".join(char if char.isprintable() else " " for char in words)


def _entry(guess: Guess, *, inline: bool) -> Any:
    """A heading alone, or a table where more is to be said."""
    said: dict[str, Any] = {"from": guess.headings[0] if len(guess.headings) == 1 else _listed(guess.headings)}
    if guess.formats:
        said["formats"] = _listed(guess.formats)
    if guess.decimal not in (None, "."):
        said["decimal"] = guess.decimal
    if guess.thousands is not None:
        said["thousands"] = guess.thousands
    if guess.values:
        if guess.field.kind is Kind.COUNTRY:
            said["on_unknown"] = "keep"
        said["values"] = guess.values
    if len(said) == 1 and len(guess.headings) == 1:
        return tomlkit.item(guess.headings[0])
    return _table(said, inline=inline or len(guess.values) <= _INLINE)


def _table(said: dict[str, Any], *, inline: bool) -> Table | InlineTable:
    table = tomlkit.inline_table() if inline else tomlkit.table()
    for key, value in said.items():
        table.append(key, _table(value, inline=inline) if isinstance(value, dict) else value)
    return table


def _listed(words: Sequence[str]) -> Any:
    array = tomlkit.array()
    array.extend(words)
    return array


def _reason(guess: Guess) -> str:
    words = f"{guess.score}"
    if guess.shape is not None:
        words += f"; {guess.shape:.0%} of the cells looked at read as {guess.field.kind.value}"
    return words


def _doubts(guess: Guess) -> list[str]:
    doubts = []
    if len(guess.headings) > 1:
        doubts.append("the first of these that is not blank in a row counts")
    if guess.either:
        doubts.append(
            f"{guess.field.wire}: each of these formats fits every cell; add the right one: formats = [{_quoted(guess.either)}]"
        )
    if (
        guess.field.kind in (Kind.NUMBER, Kind.MONEY)
        and guess.decimal is None
        and guess.thousands is None
        and (guess.shape or 1) < 1
    ):
        doubts.append(
            f'{guess.field.wire}: some cells are no plain numbers; written 1.234,50 they need: decimal = ",", thousands = "."'
        )
    if guess.field.kind is Kind.INSTANT and guess.field.name != "scheduledTime":
        doubts.append(f'{guess.field.wire}: for times that name no zone add: timezone = "Europe/London"')
    return doubts


def _quoted(words: Iterable[str]) -> str:
    return ", ".join(f'"{word}"' for word in words)


def _rest(found: Likeness) -> list[str]:
    """What nobody has decided: required parameters without a column, columns without a field."""
    lines = []
    if found.required:
        lines.append(f"Required for new contacts, and no column fits: {', '.join(found.required)}.")
    if found.leftover:
        lines.append("Columns that nothing fits; they are not read:")
        lines += [f"  {shorten(heading)} ({looks})" for heading, looks in found.leftover]
    return lines


def _takes_rest(table: Any) -> bool:
    return "*" in table


def _headings(document: Any) -> list[str]:
    """Every heading that the file names."""
    found = []
    for name in ("record", "parameters", "order"):
        for entry in (document.get(name) or {}).values():
            said = entry.get("from") if hasattr(entry, "get") else entry
            found += [said] if isinstance(said, str) else list(said or ())
    return [str(heading) for heading in found]
