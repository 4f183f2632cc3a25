"""The catalogue of everything that can be said about a row: code -> what it does to the row, meaning, cure.

A code is stable: schedulers and people filter by it. `docs/issues.md` lists them all, and a test says when one is missing.
Pure: no I/O. Columns of issues travel as a frame with ISSUE_COLUMNS; one issue is one row of that frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

#: The shape of an issues frame: spreadsheet row (UInt32); code; heading as the sheet has it, or null; Callcamp field, or null;
#: the cell as the sheet has it, or null; detail: words of the case (allowed choices, the server's own message), or null.
ISSUE_COLUMNS = ("row", "code", "heading", "field", "cell", "detail")


class Verdict(StrEnum):
    """What an issue does to its row. The gravest of a row's issues decides: rejected, then held."""

    REJECT = "rejected"
    HOLD = "held"
    PROTECT = "protected"
    DUPLICATE = "duplicate"
    UNSETTLED = "unknown"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Entry:
    """One catalogued code. `meaning` may use {heading}, {cell} and {detail}; `cure` is an instruction."""

    verdict: Verdict
    meaning: str
    cure: str


_R, _H, _P, _N = Verdict.REJECT, Verdict.HOLD, Verdict.PROTECT, Verdict.NOTE

CATALOGUE: dict[str, Entry] = {
    # --- the row as the file has it
    "row-ragged": Entry(
        _R, "the line has {detail}", "put quotes around a cell that holds the delimiter, or remove the extra cells"
    ),
    "row-quote": Entry(
        _R, "a quote is opened and never closed ({detail})", "close the quote, or double one that belongs to the text"
    ),
    "row-totals": Entry(_R, "the row sums up the others (`{cell}`)", "delete the line of totals; it is no contact"),
    "cell-merged": Entry(
        _R, "the cell is part of a merged cell, so its own value is not in the file", "unmerge the cells and fill each one in"
    ),
    "cell-error": Entry(_R, "the cell holds the Excel error {cell}", "correct the formula, or type the value"),
    "cell-uncalculated": Entry(
        _R, "the formula was never calculated", "open the workbook in Excel and save it, or type the value"
    ),
    "fix-open": Entry(
        _H,
        "the row of the fix file is not marked as corrected ({detail})",
        "compare the row with the original, then clear its cell in `_problem`",
    ),
    # --- phones
    "phone-blank": Entry(_R, "the phone number is blank", "enter the number with its country code, such as +1 201 555 0123"),
    "phone-unreadable": Entry(_R, "`{cell}` is not a phone number", "enter one number with its country code"),
    "phone-region": Entry(
        _R,
        "`{cell}` has no country code",
        "write it with + and its country code, or name its region by `--region` or the mapping",
    ),
    "phone-invalid": Entry(
        _R, "`{cell}` is not a number that can be dialled ({detail})", "check the digits and the country code"
    ),
    "phone-damaged": Entry(
        _R, "`{cell}` lost digits in the spreadsheet", "format the column as text and enter the number again, with its +"
    ),
    "phone-several": Entry(_R, "`{cell}` holds more than one number", "keep one number in the cell"),
    "phone-extension": Entry(_R, "`{cell}` has an extension, which cannot be dialled", "enter a direct number"),
    "phone-letters": Entry(_R, "`{cell}` has letters in it", "write the number in digits"),
    # --- values
    "value-required": Entry(_R, "`{heading}` is required and blank", "fill the cell in"),
    "value-pattern": Entry(_R, "`{cell}` does not fit: {detail}", "write the value in the form that the campaign asks for"),
    "value-unmapped": Entry(
        _R, "`{cell}` is not in the mapping's list of values", "use a listed value ({detail}), or add it to the mapping"
    ),
    "value-clear": Entry(_R, "`{heading}` cannot be cleared", "leave the cell blank to keep what stands there"),
    "email-invalid": Entry(_R, "`{cell}` is not an e-mail address", "write it as name@example.com"),
    "country-unknown": Entry(
        _R,
        "`{cell}` is not an ISO 3166-1 alpha-2 country code",
        "use two letters such as GB, or map the name in the mapping",
    ),
    "currency-unknown": Entry(_R, "`{cell}` is not an ISO 4217 currency", "use three letters such as USD"),
    "timezone-unknown": Entry(_R, "`{cell}` is not an IANA time zone", "use a name such as Europe/London"),
    "time-unreadable": Entry(
        _R, "`{cell}` is not a date and time{detail}", "write it as 2026-05-10 14:30, or name the format in the mapping"
    ),
    "time-no-zone": Entry(_R, "`{cell}` has no time zone", "add the zone in a column `timezone` or in the mapping"),
    "time-nonexistent": Entry(_R, "`{cell}` does not exist in {detail}: clocks go forward over it", "choose another time"),
    "time-ambiguous": Entry(
        _R,
        "`{cell}` exists twice in {detail}: clocks go back over it",
        "choose another time, or write the offset, such as +01:00",
    ),
    "time-past": Entry(_H, "`{cell}` is in the past", "choose a time that is still to come"),
    "date-unreadable": Entry(_R, "`{cell}` is not a date{detail}", "write it as 2026-05-10, or name the format in the mapping"),
    "number-unreadable": Entry(_R, "`{cell}` is not a number", "write it in digits, or name the decimal sign in the mapping"),
    "bool-unreadable": Entry(_R, "`{cell}` is neither yes nor no", "use yes or no (true/false, 1/0)"),
    "choice-unknown": Entry(_R, "`{cell}` is not among the choices", "choose one of: {detail}"),
    "status-unknown": Entry(_R, "`{cell}` is not a status that a sheet can ask for", "use one of: {detail}"),
    "action-unknown": Entry(_R, "`{cell}` is not an action", "use cancel, remove or skip, or leave the cell blank"),
    "pattern-unchecked": Entry(
        _N, "the pattern of `{heading}` could not be checked here ({detail})", "the server will judge the value"
    ),
    # --- rows among themselves
    "duplicate-row": Entry(
        Verdict.DUPLICATE, "the same contact as row {detail}", "nothing to do; remove one of the rows if you like"
    ),
    "duplicate-conflict": Entry(
        _H,
        "rows {detail} are the same contact and contradict this one",
        "keep one of them, or pass `--on-duplicate first|last`",
    ),
    # --- rows against the campaign
    "match-several": Entry(_H, "several orders fit this row: {detail}", "name the one in a column `order id`"),
    "match-conflict": Entry(_H, "the row's keys point at different orders: {detail}", "correct the id or the phone number"),
    "match-missing": Entry(_H, "no order of this campaign has the id `{cell}`", "check the id, or clear it to match by phone"),
    "match-shared": Entry(_H, "rows {detail} point at the same order", "keep one of them"),
    "phone-taken": Entry(
        _H, "another order of the campaign already has this phone number ({detail})", "correct one of the two contacts"
    ),
    "phone-shared": Entry(_H, "rows {detail} would give this phone number to several orders", "keep one of them"),
    "record-several": Entry(_H, "several contacts have this phone number: {detail}", "name the one in a column `record id`"),
    "record-missing": Entry(
        _H, "no contact of this record type has the id `{cell}`", "check the id, or clear it to match by phone"
    ),
    "listing-uncertain": Entry(
        _H, "the campaign changed while it was read, and a search could not settle this number", "run again"
    ),
    "associate-callable": Entry(
        _H,
        "linked contacts start as `{detail}` here, and the sheet does not ask for a call",
        "set the status in the sheet, or link them in Callcamp",
    ),
    "status-not-askable": Entry(
        _H,
        "a sheet cannot set the status `{cell}`; the order is `{detail}`",
        "use registered, planned, scheduled, canceled or do-not-call",
    ),
    "edited-meanwhile": Entry(_H, "the cell and the campaign both changed: {detail}", "decide for one of the values"),
    "unsettled": Entry(
        Verdict.UNSETTLED,
        "an earlier run sent this contact and got no answer ({detail})",
        "run `callcamp-sync resume`, or sync again, when the grace period is over",
    ),
    # --- rules that forbid it
    "do-not-call": Entry(_P, "this number is marked Do Not Call ({detail})", "nothing: Do Not Call is never lifted by a sheet"),
    "in-call": Entry(_P, "the order is being called right now (`{detail}`)", "run again later"),
    "already-contacted": Entry(_P, "the order is finished (`{detail}`)", "pass `--reopen` if this contact shall be called again"),
    "already-canceled": Entry(
        _P, "somebody canceled this order in the campaign", "pass `--reopen` if this contact shall be called all the same"
    ),
    "status-unfamiliar": Entry(
        _P,
        "the order has the status `{detail}`, which this tool does not know",
        "pass `--reopen` if you know what it means",
    ),
    # --- notes: the row ends as `unchanged`, or goes on
    "asked-skip": Entry(_N, "the row asks to be skipped", "nothing to do"),
    "mode-create": Entry(
        _N, "the contact is in the campaign already, and mode `create` changes none", "use `--mode upsert` to update it"
    ),
    "mode-update": Entry(_N, "the contact is not in the campaign, and mode `update` adds none", "use `--mode upsert` to add it"),
    "nothing-to-cancel": Entry(_N, "the row asks to {detail} a contact that is not in the campaign", "nothing to do"),
    "not-visible": Entry(
        _N,
        "the token may not read contacts: {detail} could not be compared",
        "use a token with the right to read records",
    ),
}


def render(code: str, *, heading: str | None = None, cell: str | None = None, detail: str | None = None) -> tuple[str, str]:
    """(message, cure) of one issue, for people. Unknown codes are a KeyError: every code stands in CATALOGUE."""
    entry = CATALOGUE[code]
    words = {"heading": heading or "", "cell": shorten(cell or ""), "detail": detail or ""}
    return entry.meaning.format_map(words), entry.cure.format_map(words)


def shorten(text: str, limit: int = 80) -> str:
    """`text` on one line and at most `limit` characters; what was cut is marked by an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
