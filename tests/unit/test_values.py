"""Values by kind: what is read, as which canonical text, what is refused, with which code and words."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from callcamp_sync.fields import CLEAR, Field, Home, Kind
from callcamp_sync.issues import CATALOGUE
from callcamp_sync.rules import Rule
from callcamp_sync.values import canonical, fold_status, fold_statuses, read_column
from callcamp_sync.values.codes import COUNTRIES, CURRENCIES

Options = dict[str, Any]


def rule(kind: Kind, **options: Any) -> Rule:
    field = Field("parameters.x", kind, Home.PARAMETER, "X")
    return Rule(field=field, heading="X", **options)


def read(kind: Kind, cell: str | None, **options: Any) -> tuple[str | None, str | None, str | None]:
    value, code, detail = read_column(pl.Series([cell], dtype=pl.String), rule(kind, **options)).row(0)
    return value, code, detail


CHOICES: Options = {"choices": ("Red", "green", "GREEN", " deep blue ")}
GERMAN: Options = {"decimal": ",", "thousands": "."}
FRENCH: Options = {"decimal": ",", "thousands": " "}
ENGLISH: Options = {"thousands": ","}
SWISS: Options = {"thousands": "\u2019"}
BRITISH: Options = {"formats": ("%d/%m/%Y %H:%M", "%d/%m/%Y")}
LONDON: Options = {"timezone": "Europe/London"}

READ: dict[str, tuple[Kind, str, str, Options]] = {
    "text loses its outer white space and keeps the inner": (Kind.TEXT, " \u00a0Ann  Lee\t", "Ann  Lee", {}),
    "line ends become one kind": (Kind.TEXT, "a\r\nb\rc\nd", "a\nb\nc\nd", {}),
    "text that looks like a number stays text": (Kind.TEXT, "007.0", "007.0", {}),
    "an id is opaque": (Kind.ID, " order_9z8Y ", "order_9z8Y", {}),
    "an address keeps its local part and folds its domain": (Kind.EMAIL, " Ann.Lee+x@Example.COM ", "Ann.Lee+x@example.com", {}),
    "an international domain": (Kind.EMAIL, "ann@m\u00fcller.example", "ann@m\u00fcller.example", {}),
    "an encoded domain": (Kind.EMAIL, "ann@xn--mller-kva.example", "ann@xn--mller-kva.example", {}),
    "a country in any case": (Kind.COUNTRY, "gb", "GB", {}),
    "a currency in any case": (Kind.CURRENCY, "eur", "EUR", {}),
    "money as a code": (Kind.MONEY, "usd", "USD", {}),
    "money as an amount": (Kind.MONEY, "1.234,50", "1234.5", GERMAN),
    "a zone in any case": (Kind.TIMEZONE, "europe/LONDON", "Europe/London", {}),
    "UTC is a zone": (Kind.TIMEZONE, "utc", "UTC", {}),
    "a status with spaces": (Kind.STATUS, "Do Not Call", "do-not-call", {}),
    "a status in camel case": (Kind.STATUS, "doNotCall", "do-not-call", {}),
    "a status by its initials": (Kind.STATUS, "D.N.C.", "do-not-call", {}),
    "a status with two spellings": (Kind.STATUS, "Cancelled", "canceled", {}),
    "a status that only stands there": (Kind.STATUS, "NO_ANSWER", "no-answer", {}),
    "an action in any case": (Kind.ACTION, "Remove", "remove", {}),
    "a number loses zeros that say nothing": (Kind.NUMBER, "-010.50", "-10.5", {}),
    "a number without whole part": (Kind.NUMBER, ".5", "0.5", {}),
    "a plus sign": (Kind.NUMBER, "+5", "5", {}),
    "a typographic minus": (Kind.NUMBER, "\u22125", "-5", {}),
    "nothing below zero": (Kind.NUMBER, "-0.00", "0", {}),
    "a spreadsheet's noise in a fraction": (Kind.NUMBER, "0.30000000000000004", "0.3", {}),
    "fifteen digits": (Kind.NUMBER, "123456789012345", "123456789012345", {}),
    "groups of three": (Kind.NUMBER, "1,234,567.80", "1234567.8", ENGLISH),
    "groups are not needed": (Kind.NUMBER, "1234567.8", "1234567.8", ENGLISH),
    "points for groups": (Kind.NUMBER, "1.234", "1234", GERMAN),
    "any space for groups": (Kind.NUMBER, "1\u202f234\u00a0567,5", "1234567.5", FRENCH),
    "a straight apostrophe for a curly one": (Kind.NUMBER, "1'234.5", "1234.5", SWISS),
    "yes": (Kind.BOOL, "YES", "true", {}),
    "zero is no": (Kind.BOOL, "0", "false", {}),
    "a date": (Kind.DATE, "2026-05-10", "2026-05-10", {}),
    "a date as a spreadsheet prints it": (Kind.DATE, "2026-05-10 00:00:00", "2026-05-10", {}),
    "a date as a server prints it": (Kind.DATE, "2026-05-10T00:00:00.000Z", "2026-05-10", {}),
    "a date by its format": (Kind.DATE, "03/04/2026", "2026-04-03", BRITISH),
    "ISO where no format fits": (Kind.DATE, "2026-04-03", "2026-04-03", BRITISH),
    "an instant with Z": (Kind.INSTANT, "2026-05-10T14:30:00Z", "2026-05-10T14:30:00Z", {}),
    "an instant with an offset": (Kind.INSTANT, "2026-05-10T16:30+02:00", "2026-05-10T14:30:00Z", {}),
    "an offset outranks the zone": (Kind.INSTANT, "2026-05-10 14:30 +0000", "2026-05-10T14:30:00Z", LONDON),
    "a local time in its zone": (Kind.INSTANT, "2026-05-10 14:30", "2026-05-10T13:30:00Z", LONDON),
    "a local time by its format": (Kind.INSTANT, "10/05/2026 14:30", "2026-05-10T13:30:00Z", BRITISH | LONDON),
    "a fraction of nothing": (Kind.INSTANT, "2026-05-10T14:30:00.000Z", "2026-05-10T14:30:00Z", {}),
    "a fraction": (Kind.INSTANT, "2026-05-10T14:30:00.250Z", "2026-05-10T14:30:00.25Z", {}),
    "a zone without summer time": (Kind.INSTANT, "2026-05-10 14:30", "2026-05-10T09:00:00Z", {"timezone": "Asia/Kolkata"}),
    "a choice in any case": (Kind.SELECT, "RED", "Red", CHOICES),
    "a choice exactly, where two differ in case": (Kind.SELECT, "GREEN", "GREEN", CHOICES),
    "a choice's own spaces": (Kind.SELECT, "Deep Blue", " deep blue ", CHOICES),
    "a select whose choices nobody knows": (Kind.SELECT, "anything", "anything", {}),
}

_STATUSES = "registered, planned, scheduled, canceled, do-not-call"
_EITHER_WAY = ": day and month could be either way round, so the format must be named"
REFUSED: dict[str, tuple[Kind, str, str, str | None, Options]] = {
    "an address without a dot": (Kind.EMAIL, "ann@example", "email-invalid", None, {}),
    "an address with two dots": (Kind.EMAIL, "ann..lee@example.com", "email-invalid", None, {}),
    "two addresses": (Kind.EMAIL, "ann@example.com, lee@example.com", "email-invalid", None, {}),
    "an address with a name": (Kind.EMAIL, "Ann <ann@example.com>", "email-invalid", None, {}),
    "a local part that is too long": (Kind.EMAIL, "a" * 65 + "@example.com", "email-invalid", None, {}),
    "a label that begins with a hyphen": (Kind.EMAIL, "ann@-example.com", "email-invalid", None, {}),
    "a country's name": (Kind.COUNTRY, "Germany", "country-unknown", None, {}),
    "a country that ISO does not list": (Kind.COUNTRY, "UK", "country-unknown", None, {}),
    "a currency's sign": (Kind.CURRENCY, "$", "currency-unknown", None, {}),
    "a currency of the past": (Kind.CURRENCY, "DEM", "currency-unknown", None, {}),
    "money with its unit": (Kind.MONEY, "10 USD", "number-unreadable", None, {}),
    "money in words": (Kind.MONEY, "a lot", "currency-unknown", None, {}),
    "an abbreviation that is no zone": (Kind.TIMEZONE, "PDT", "timezone-unknown", None, {}),
    "the computer's own zone": (Kind.TIMEZONE, "localtime", "timezone-unknown", None, {}),
    "a status that nobody knows": (Kind.STATUS, "hot", "status-unknown", _STATUSES, {}),
    "an action that nobody knows": (Kind.ACTION, "drop", "action-unknown", None, {}),
    "an exponent": (Kind.NUMBER, "1e5", "number-unreadable", None, {}),
    "no number": (Kind.NUMBER, "NaN", "number-unreadable", None, {}),
    "no end": (Kind.NUMBER, "inf", "number-unreadable", None, {}),
    "a share": (Kind.NUMBER, "12 %", "number-unreadable", None, {}),
    "groups that nobody declared": (Kind.NUMBER, "1,234", "number-unreadable", None, {}),
    "groups of two": (Kind.NUMBER, "12,34,567", "number-unreadable", None, ENGLISH),
    "a group after four digits": (Kind.NUMBER, "1234,567", "number-unreadable", None, ENGLISH),
    "a group behind the decimal sign": (Kind.NUMBER, "1.234,567", "number-unreadable", None, ENGLISH),
    "the other decimal sign": (Kind.NUMBER, "10.5", "number-unreadable", None, {"decimal": ","}),
    "a sign at its end": (Kind.NUMBER, "5.", "number-unreadable", None, {}),
    "Arabic digits": (Kind.NUMBER, "\u0661\u0662", "number-unreadable", None, {}),
    "a whole number that JSON would round": (Kind.NUMBER, "1234567890123456", "number-unreadable", None, {}),
    "a fraction without end": (Kind.NUMBER, "0." + "1" * 80, "number-unreadable", None, {}),
    "maybe": (Kind.BOOL, "maybe", "bool-unreadable", None, {}),
    "day and month either way": (Kind.DATE, "03/04/2026", "date-unreadable", _EITHER_WAY, {}),
    "a day that is none": (Kind.DATE, "2026-02-30", "date-unreadable", ": there is no such day", {}),
    "a date with a time": (Kind.DATE, "2026-05-10 14:30", "date-unreadable", ": it has a time of day", {}),
    "a day number": (
        Kind.DATE,
        "46152",
        "date-unreadable",
        ": it looks like a spreadsheet's day number; format the column as date",
        {},
    ),
    "a format without a year": (Kind.DATE, "03/04", "date-unreadable", None, {"formats": ("%d/%m",)}),
    "a format that is none": (Kind.DATE, "soon", "date-unreadable", None, {"formats": ("%Q%Y", "%d %d %Y", "%Y%")}),
    "a time without zone": (Kind.INSTANT, "2026-05-10 14:30", "time-no-zone", None, {}),
    "a time that clocks skip": (Kind.INSTANT, "2026-03-29 01:30", "time-nonexistent", "Europe/London", LONDON),
    "a time that clocks show twice": (Kind.INSTANT, "2026-10-25 01:30", "time-ambiguous", "Europe/London", LONDON),
    "a day without time": (Kind.INSTANT, "2026-05-10", "time-unreadable", ": the time of day is missing", LONDON),
    "an hour that is none": (Kind.INSTANT, "2026-05-10 25:00", "time-unreadable", ": there is no such time", LONDON),
    "midnight by the wrong day": (Kind.INSTANT, "2026-05-10 24:00", "time-unreadable", ": there is no such time", LONDON),
    "a time in another order": (Kind.INSTANT, "03/04/2026 14:30", "time-unreadable", _EITHER_WAY, LONDON),
    "a time before all years": (
        Kind.INSTANT,
        "0001-01-01T00:00+14:00",
        "time-unreadable",
        ": the year is out of range",
        {},
    ),
    "a zone's name in a format": (
        Kind.INSTANT,
        "2026 UTC",
        "time-unreadable",
        None,
        {"formats": ("%Y %Z",), "timezone": "Asia/Tokyo"},
    ),
    "no choice": (Kind.SELECT, "blue", "choice-unknown", "Red, green, GREEN,  deep blue ", CHOICES),
}


@pytest.mark.parametrize(("kind", "cell", "value", "options"), READ.values(), ids=READ.keys())
def test_is_read(kind: Kind, cell: str, value: str, options: Options) -> None:
    assert read(kind, cell, **options) == (value, None, None)


@pytest.mark.parametrize(("kind", "cell", "code", "detail", "options"), REFUSED.values(), ids=REFUSED.keys())
def test_is_refused(kind: Kind, cell: str, code: str, detail: str | None, options: Options) -> None:
    assert code in CATALOGUE
    assert read(kind, cell, **options) == (None, code, detail)


KINDS = [kind for kind in Kind if kind is not Kind.PHONE]


@pytest.mark.parametrize("kind", KINDS)
def test_blank_leaves_every_kind_alone(kind: Kind) -> None:
    found = read_column(pl.Series([None, "", " \t\u00a0\n"]), rule(kind))
    assert found.rows() == [(None, None, None)] * 3
    assert found.schema == pl.Schema({"value": pl.String, "code": pl.String, "detail": pl.String})


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_column_has_the_shape_of_a_full_one(kind: Kind) -> None:
    found = read_column(pl.Series([], dtype=pl.String), rule(kind))
    assert found.schema == pl.Schema({"value": pl.String, "code": pl.String, "detail": pl.String})


@pytest.mark.parametrize("kind", [Kind.ID, Kind.ACTION, Kind.STATUS])
def test_ids_actions_and_statuses_cannot_be_cleared(kind: Kind) -> None:
    assert read(kind, CLEAR) == (None, "value-clear", None)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {Kind.ID, Kind.ACTION, Kind.STATUS}])
def test_all_else_can_be_cleared(kind: Kind) -> None:
    assert read(kind, f" {CLEAR} ", choices=("a",)) == (CLEAR, None, None)


def test_phones_are_not_read_here() -> None:
    with pytest.raises(ValueError, match="phones"):
        read_column(pl.Series(["1"]), rule(Kind.PHONE))


def test_a_column_keeps_its_order() -> None:
    found = read_column(pl.Series(["b", "1", None, "2.50", "1"]), rule(Kind.NUMBER))
    assert found["value"].to_list() == [None, "1", None, "2.5", "1"]
    assert found["code"].to_list() == ["number-unreadable", None, None, None, None]


def test_each_row_has_its_own_zone() -> None:
    times = pl.Series(["2026-05-10 14:30"] * 4)
    found = read_column(times, rule(Kind.INSTANT), zones=pl.Series(["Asia/Tokyo", None, "UTC", "nowhere"]))
    assert found["value"].to_list() == ["2026-05-10T05:30:00Z", None, "2026-05-10T14:30:00Z", None]
    assert found["code"].to_list() == [None, "time-no-zone", None, "time-no-zone"]


def test_the_mapping_outranks_the_zone_of_the_row() -> None:
    found = read_column(pl.Series(["2026-05-10 14:30"]), rule(Kind.INSTANT, timezone="UTC"), zones=pl.Series(["Asia/Tokyo"]))
    assert found["value"].to_list() == ["2026-05-10T14:30:00Z"]


def test_many_choices_are_counted_not_listed() -> None:
    _, _, detail = read(Kind.SELECT, "x", choices=tuple(f"c{number}" for number in range(50)))
    assert detail is not None
    assert detail.endswith("c19 and 30 more")


HELD: dict[str, tuple[Kind, str | None, str | None]] = {
    "a number's zeros": (Kind.NUMBER, "10.50", "10.5"),
    "a number's exponent": (Kind.NUMBER, "1e+16", "10000000000000000"),
    "a number's small exponent": (Kind.NUMBER, "1e-07", "0.0000001"),
    "an exponent that would fill the memory": (Kind.NUMBER, "1e999", "1e999"),
    "money as a number": (Kind.MONEY, "10.0", "10"),
    "money as a code": (Kind.MONEY, "usd", "USD"),
    "a bool as Python prints it": (Kind.BOOL, "True", "true"),
    "an instant in another notation": (Kind.INSTANT, "2026-05-10T16:30:00.000+02:00", "2026-05-10T14:30:00Z"),
    "an instant without zone": (Kind.INSTANT, "2026-05-10 14:30", "2026-05-10 14:30"),
    "a date with midnight": (Kind.DATE, "2026-05-10T00:00:00Z", "2026-05-10"),
    "a known status": (Kind.STATUS, "DNC", "do-not-call"),
    "an unknown status": (Kind.STATUS, "inReview", "in-review"),
    "a status of punctuation": (Kind.STATUS, " - ", "-"),
    "a country's name": (Kind.COUNTRY, "Germany", "Germany"),
    "an address that is none": (Kind.EMAIL, "nobody", "nobody"),
    "text with outer spaces": (Kind.TEXT, " a\r\nb ", "a\nb"),
    "blank": (Kind.TEXT, "  ", None),
    "null": (Kind.NUMBER, None, None),
    "a phone": (Kind.PHONE, "+12015550123", "+12015550123"),
    "a choice": (Kind.SELECT, "Red", "Red"),
}


@pytest.mark.parametrize(("kind", "text", "value"), HELD.values(), ids=HELD.keys())
def test_what_a_server_holds(kind: Kind, text: str | None, value: str | None) -> None:
    found = canonical(pl.Series("held", [text], dtype=pl.String), kind)
    assert (found.name, found.to_list()) == ("held", [value])


@pytest.mark.parametrize(
    "spelling", ["Do Not Call", "do-not-call", "do_not_call", "DNC", "doNotCall", "DO NOT CALL", "d n c", "Don't call"]
)
def test_do_not_call_in_every_spelling(spelling: str) -> None:
    assert fold_status(spelling) == "do-not-call"


def test_statuses_fold_by_column() -> None:
    assert fold_statuses(pl.Series("status", ["Busy", None, "In Review"])).to_list() == ["busy", None, "in-review"]


def test_the_lists_have_their_sizes() -> None:
    assert (len(COUNTRIES), len(CURRENCIES)) == (249, 176)
