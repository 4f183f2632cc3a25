"""Which column of a sheet is probably which field: headings by their words, cells by their shape. Pure: no I/O, no clock.

In:  a Sheet, the record type's parameters. Out: a Likeness: one Guess for each field that a column fits, and what is left over.
A guess is for a person to look at. Headings are compared as words in any order (rapidfuzz); cells are read as the field's kind
would read them, so that a good heading over foreign cells (a CRM's own "Record ID") is not taken, and an odd heading over e-mail
addresses is. Day and month are never guessed: where two orders fit every cell, both are told.
This room composes phones and values. Rule source: issue 4, item 8.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import polars as pl
from rapidfuzz import fuzz

from callcamp_sync import phones, values
from callcamp_sync.fields import BY_NAME, FIELDS, Field, Home, Kind, fold_heading
from callcamp_sync.model import Sheet
from callcamp_sync.phones.countries import country_of
from callcamp_sync.rules import ParameterSpec, Rule
from callcamp_sync.statuses import DO_NOT_CALL

#: From here on a guess is written as a line that counts; below, down to DOUBTFUL, as a line in a comment.
SURE, DOUBTFUL = 80, 55

#: Cells that people write for "nothing".
_NOTHING = frozenset({"n/a", "na", "none", "null", "nil", "-", "--", "?", "(no value)", "(blank)", "unknown"})

#: How many distinct cells of a column are looked at.
_SAMPLE = 200

#: How much cells of the right shape add to a heading that says little, and how much heading is needed at least.
_SHAPES: dict[Kind, tuple[float, int]] = {
    Kind.EMAIL: (0.85, 0),
    Kind.TIMEZONE: (0.85, 0),
    Kind.PHONE: (0.6, 40),
    Kind.SELECT: (0.6, 40),
    Kind.STATUS: (0.6, 40),
    Kind.COUNTRY: (0.5, 40),
    Kind.CURRENCY: (0.5, 40),
    Kind.ACTION: (0.4, 50),
    Kind.INSTANT: (0.4, 50),
    Kind.DATE: (0.4, 50),
    Kind.ID: (0.3, 60),
    Kind.BOOL: (0.3, 60),
    Kind.NUMBER: (0.2, 60),
    Kind.MONEY: (0.2, 60),
}

#: Kinds that other systems have too, under the same headings, and mean their own by it.
_OTHERS = frozenset({Kind.ID, Kind.STATUS, Kind.ACTION})

#: Words that stand in headings of all kinds.
_VAGUE = frozenset({"number", "no", "id", "uuid", "code", "date", "time", "address", "last", "first", "of", "the"})

#: Headings, as words, of columns that forbid a call where they say yes.
_NEVER = frozenset({"do not call", "dnc", "donotcall", "do not contact", "do not phone", "opt out", "opted out", "phone opt out"})

_DATES = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%d %B %Y",
    "%d %b %Y",
    "%B %d, %Y",
    "%d/%m/%y",
    "%m/%d/%y",
)
_TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p")
_ID = re.compile(r"order_\w+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_SIGNS = ((".", None), (",", None), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """One field and the columns that probably hold it.

    headings: best first, more than one for phones only. score: 0 to 100. shape: share of the sampled cells that read as the
    field's kind, null where that says nothing. values: words that need translating. formats, decimal, thousands: as cells are
    written, where that is certain; either: formats of which
    each fits all cells.
    """

    field: Field
    headings: tuple[str, ...]
    score: int
    shape: float | None = None
    values: dict[str, str] = dataclasses.field(default_factory=dict)
    formats: tuple[str, ...] = ()
    either: tuple[str, ...] = ()
    decimal: str | None = None
    thousands: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What a sheet's columns probably are.

    guesses: in the order of the fields. leftover: headings that nothing fits, each with what its cells look like. null_words:
    words that stand for nothing. national: how many distinct phone cells have no country code. required: titles of required
    parameters that nothing fits.
    """

    guesses: tuple[Guess, ...]
    leftover: tuple[tuple[str, str], ...]
    null_words: tuple[str, ...]
    national: int
    required: tuple[str, ...]

    def of(self, name: str) -> Guess | None:
        """The guess for one field."""
        return next((guess for guess in self.guesses if guess.field.name == name), None)


@dataclass(frozen=True, slots=True)
class _Column:
    heading: str
    cells: pl.Series
    nothing: tuple[str, ...]


def liken(sheet: Sheet, parameters: Sequence[ParameterSpec]) -> Likeness:
    """Guess which column is which field. parameters: of the campaign's record type. Never raises."""
    columns = [_column(sheet, heading) for heading in sheet.headings if not heading.startswith("_")]
    specs = {spec.field.name: spec for spec in parameters}
    fields = [*FIELDS, *(spec.field for spec in parameters)]
    rules = {f.name: Rule(field=f, heading="", choices=specs[f.name].choices if f.name in specs else ()) for f in fields}
    pairs = [pair for column in columns for f in fields if (pair := _pair(column, rules[f.name])) is not None]
    chosen = _assigned([*pairs, *(pair for column in columns if (pair := _never(column)) is not None)])
    taken = {heading for guess in chosen for heading in guess.headings}
    phone = next((guess for guess in chosen if guess.field.kind is Kind.PHONE), None)
    held = {guess.field.name for guess in chosen}
    return Likeness(
        guesses=tuple(sorted(chosen, key=lambda guess: fields.index(guess.field))),
        leftover=tuple((column.heading, _looks(column)) for column in columns if column.heading not in taken),
        null_words=tuple(sorted({word for column in columns for word in column.nothing})),
        national=_national([c for c in columns if phone and c.heading in phone.headings]),
        required=tuple(s.field.title for s in parameters if s.required and s.default is None and s.field.name not in held),
    )


def _column(sheet: Sheet, heading: str) -> _Column:
    """Some distinct cells of a column, blanks and words for nothing apart."""
    cells = sheet.frame.get_column(heading).str.strip_chars()
    distinct = cells.filter(cells.is_not_null() & (cells != "")).unique(maintain_order=True).head(_SAMPLE)
    nothing = tuple(cell for cell in distinct if cell.lower() in _NOTHING)
    return _Column(heading, distinct.filter(~distinct.is_in(list(nothing))), nothing)


def _pair(column: _Column, rule: Rule) -> Guess | None:
    """How well a column fits a field; null where it does not."""
    named = _likeness(column.heading, rule.field)
    lift, enough = _SHAPES.get(rule.field.kind, (0.0, DOUBTFUL))
    if named < enough:
        return None
    guess = _shaped(column, rule)
    share = guess.shape
    score = float(named)
    if share is not None and share >= 0.8:
        score = named + (100 - named) * lift * share
    elif share is not None and (named < 100 or (rule.field.kind in _OTHERS and share < 0.5)):
        # A heading that is exactly right stays right over cells that are wrong: they are the sheet's problem, and told there.
        # An id or a status of another system is none of ours, whatever it is called.
        score = named * (0.4 + share / 2)
    if score < DOUBTFUL:
        return None
    return replace(guess, headings=(column.heading,), score=round(score))


def _never(column: _Column) -> Guess | None:
    """A yes-or-no column that says who must not be called: the status that says so where it is yes."""
    if _split(column.heading) not in _NEVER:
        return None
    rule = Rule(field=Field("", Kind.BOOL, Home.ROW, ""), heading="")
    read = values.read_column(column.cells, rule)
    if column.cells.is_empty() or read["code"].is_not_null().any():
        return None
    wishes = {"true": DO_NOT_CALL, "false": ""}
    words = {cell: wishes[value] for cell, value in zip(column.cells, read["value"], strict=True)}
    return Guess(field=BY_NAME["status"], headings=(column.heading,), score=99, shape=1.0, values=words)


def _likeness(heading: str, known: Field) -> int:
    """0 to 100: the same words are 100; the words of one within the other, in any order, are nearly so.

    Words that stand in headings of all kinds (number, date) count only beside one that tells: an invoice number is no phone's.
    """
    spellings = {known.name, known.wire, known.title, *known.aliases}
    if fold_heading(heading) in {fold_heading(spelling) for spelling in spellings}:
        return 100
    said = _split(heading)
    alike = [spelling for spelling in map(_split, spellings) if _share(said, spelling)]
    scores = [fuzz.token_set_ratio(said, s) * 0.4 + fuzz.token_sort_ratio(said, s) * 0.6 for s in alike]
    return min(round(max(scores, default=0)), 97)


def _share(one: str, other: str) -> bool:
    """Whether the two have a telling word in common, typing errors apart."""
    tells = [word for word in other.split() if word not in _VAGUE]
    return any(fuzz.ratio(word, tell) >= 80 for word in one.split() for tell in tells or other.split())


def _split(text: str) -> str:
    """A heading as lower-case words: camelCase and signs are word breaks."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text.removeprefix("parameters."))
    return " ".join(re.findall(r"\w+", apart.replace("_", " ").lower()))


def _assigned(pairs: Sequence[Guess]) -> list[Guess]:
    """Best pair first: each column once, each field once; more columns that are surely phones are second choices."""
    found: dict[str, Guess] = {}
    taken: set[str] = set()
    for pair in sorted(pairs, key=lambda p: (-p.score, p.field.home is Home.PARAMETER)):
        heading, name = pair.headings[0], pair.field.name
        if heading in taken:
            continue
        if name not in found:
            found[name] = pair
            taken.add(heading)
        elif pair.field.kind is Kind.PHONE and pair.score >= SURE and found[name].score >= SURE:
            first = found[name]
            found[name] = replace(first, headings=(*first.headings, heading))
            taken.add(heading)
    return list(found.values())


# --- shapes -----------------------------------------------------------------------------------------------------------


def _shaped(column: _Column, rule: Rule) -> Guess:
    """The column read as the rule's kind: share of good cells, and how they are written. Headings and score come later."""
    blank = Guess(field=rule.field, headings=(), score=0)
    kind = rule.field.kind
    if column.cells.is_empty() or kind is Kind.TEXT:
        return blank
    readers: dict[Kind, Callable[[_Column, Rule], Guess]] = {
        Kind.PHONE: _phones,
        Kind.EMAIL: _emails,
        Kind.ID: _ids,
        Kind.COUNTRY: _countries,
        Kind.DATE: _dates,
        Kind.INSTANT: _dates,
        Kind.NUMBER: _numbers,
        Kind.MONEY: _numbers,
    }
    if kind is Kind.SELECT and not rule.choices:
        return blank
    return readers.get(kind, _plain)(column, rule)


def _guess(column: _Column, rule: Rule, good: int) -> Guess:
    return Guess(field=rule.field, headings=(), score=0, shape=good / column.cells.len())


def _good(column: _Column, rule: Rule) -> pl.Series:
    """Which cells the field's kind reads."""
    zones = pl.repeat("UTC", column.cells.len(), dtype=pl.String, eager=True)
    return values.read_column(column.cells, rule, zones=zones)["code"].is_null()


def _plain(column: _Column, rule: Rule) -> Guess:
    return _guess(column, rule, int(_good(column, rule).sum()))


def _phones(column: _Column, rule: Rule) -> Guess:
    read = phones.normalise_phones(column.cells, None)
    # Without a region a national number is not readable; its digits still look like one.
    digits = column.cells.str.count_matches(r"\d") >= 7
    alike = digits & (
        read["code"].is_null() | read["code"].is_in(["phone-region", "phone-damaged", "phone-several", "phone-extension"])
    )
    return _guess(column, rule, int(alike.sum()))


def _national(columns: Sequence[_Column]) -> int:
    return sum(int((phones.normalise_phones(c.cells, None)["code"] == "phone-region").sum()) for c in columns)


def _emails(column: _Column, rule: Rule) -> Guess:
    return _guess(column, rule, int((_good(column, rule) & column.cells.str.contains("@", literal=True)).sum()))


def _ids(column: _Column, rule: Rule) -> Guess:
    return _guess(column, rule, sum(1 for cell in column.cells if _ID.fullmatch(cell)))


def _countries(column: _Column, rule: Rule) -> Guess:
    """Codes are read; names are translated where they name one country."""
    good = _good(column, rule)
    once = {cell.casefold(): cell for cell in column.cells.filter(~good)}
    named = {cell: code for cell in once.values() if (code := country_of(cell)) is not None}
    told = sum(1 for cell in column.cells.filter(~good) if country_of(cell) is not None)
    return replace(_guess(column, rule, int(good.sum()) + told), values=named)


def _dates(column: _Column, rule: Rule) -> Guess:
    """ISO dates are read; other forms by the formats that fit every cell. Where two do, nobody can know."""
    good = _good(column, rule)
    rest = column.cells.filter(~good)
    if rest.is_empty():
        return _guess(column, rule, int(good.sum()))
    timed = rule.field.kind is Kind.INSTANT
    forms = [f"{day} {time}" for day in _DATES for time in _TIMES] if timed else list(_DATES)
    fitting = []
    for form in forms:
        tried = Rule(field=rule.field, heading="", formats=(form,), timezone="UTC" if timed else None)
        if values.read_column(rest, tried)["code"].is_null().all():
            fitting.append(form)
    told = _guess(column, rule, column.cells.len() if fitting else int(good.sum()))
    return replace(told, formats=tuple(fitting)) if len(fitting) == 1 else replace(told, either=tuple(fitting))


def _numbers(column: _Column, rule: Rule) -> Guess:
    """The first pair of signs that reads every cell; a single "1,234" may be either, so a comma needs a cell that decides."""
    good = int(_good(column, rule).sum())
    if good == column.cells.len():
        return _guess(column, rule, good)
    fitting = []
    for decimal, thousands in _SIGNS[1:]:
        tried = Rule(field=rule.field, heading="", decimal=decimal, thousands=thousands)
        if values.read_column(column.cells, tried)["code"].is_null().all():
            fitting.append((decimal, thousands))
    decimals = {decimal for decimal, _ in fitting}
    if not fitting or len(decimals) > 1:
        return _guess(column, rule, column.cells.len() if fitting else good)
    decimal, thousands = fitting[0]
    return replace(_guess(column, rule, column.cells.len()), decimal=decimal, thousands=thousands)


def _looks(column: _Column) -> str:
    """What the cells of a column that nothing fits look like, in a word."""
    if column.cells.is_empty():
        return "blank"
    kinds = (Kind.EMAIL, Kind.PHONE, Kind.DATE, Kind.INSTANT, Kind.BOOL, Kind.NUMBER)
    words = {Kind.EMAIL: "e-mail addresses", Kind.PHONE: "phone numbers", Kind.DATE: "dates", Kind.INSTANT: "dates with a time"}
    words |= {Kind.BOOL: "yes and no", Kind.NUMBER: "numbers"}
    for kind in kinds:
        shape = _shaped(column, Rule(field=Field("", kind, Home.ROW, ""), heading="")).shape
        if shape is not None and shape >= 0.8:
            return words[kind]
    return f"text, {column.cells.len()} different" if column.cells.len() < _SAMPLE else "text"
