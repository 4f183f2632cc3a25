"""A workbook that people fill in or correct: drop-downs, checks, comments, a read-me tab. An edge: writes one file.

In:  a Form: columns with what may stand in them, the rows that are there already, and which cells are wrong and why.
Out: a workbook with the form, a tab of words named tabs.GUIDE, which the reader never takes for data, and a hidden tab of lists.
Text is text and nothing becomes a formula, as in xlsx_out.py; what did not fit is told in sentences.
Rule source: Excel's limits: 255 characters in a list that stands in the rule itself and in a message of a rule, 32 in its title.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import polars as pl

from callcamp_sync.sheets import tabs, xlsx_out
from callcamp_sync.sheets.tabs import Cells, Colour, Kind

#: More comments than these make a workbook slow to open; cells beyond are coloured only.
MAX_COMMENTS = 5_000

_TITLE, _MESSAGE, _INLINE = 32, 255, 255
_GUIDE_WIDTH = 74
_TALLEST = 400
_LARGEST = 999_999_999_999_999
_FADED = {"italic": True, "font_color": "#595959"}
_WRONG: Colour = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What may stand in a cell. words: of a list, in the order in which they are offered. strict: anything else is refused;
    otherwise Excel asks whether it is meant. message: what Excel says then, at most 255 characters.
    """

    kind: Literal["list", "number", "date", "instant"]
    words: tuple[str, ...] = ()
    strict: bool = True
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A column of a form. kind: as of a tabs.Column. comment, colour: of the heading. wrap: long text goes over several lines."""

    heading: str
    kind: Kind = "text"
    width: int | None = None
    comment: str | None = None
    check: Check | None = None
    colour: Colour | None = None
    wrap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The tab that people fill in.

    frame: one column a question, by position. header_row: spreadsheet number of the headings. place: position of the tab in the
    workbook, from 1, at most 3. spare: blank rows below that have formats and checks. wrong: (index of the row in the frame,
    index of the column) -> why, or null for colour only. faded: how many of the first rows are examples.
    """

    name: str
    questions: tuple[Question, ...]
    frame: pl.DataFrame
    header_row: int = 1
    place: int = 1
    spare: int = 0
    wrong: Mapping[tuple[int, int], str | None] = field(default_factory=dict)
    faded: int = 0

    def __post_init__(self) -> None:
        if len(self.questions) != self.frame.width:
            raise ValueError(f"form `{self.name}` asks {len(self.questions)} questions, its frame has {self.frame.width} columns")


def write_form(
    path: str | Path,
    form: Form,
    guide: Sequence[str],
    *,
    properties: Mapping[str, str],
    created: datetime | None = None,
    hidden: tuple[str, pl.DataFrame] | None = None,
) -> tuple[str, ...]:
    """Write the form (mode 0600) and return sentences about what did not fit.

    guide: lines of the read-me tab; one that begins with `# ` is a heading. properties, created: as of write_workbook.
    hidden: a last tab that programs read, by its name and as text.
    Raises StateError when the file cannot be written; an old file then stands unharmed.
    """
    with xlsx_out.new_book(path, properties, created) as book:
        names = tabs.tab_names([form.name, tabs.GUIDE, "Lists"])
        order = names[1:]
        order.insert(min(form.place, 3) - 1, names[0])
        sheets = {name: book.add_worksheet(name) for name in order}
        lists = _Lists(book, sheets[names[2]], names[2])
        said = _write_form(book, sheets[names[0]], form, lists)
        _write_guide(book, sheets[names[1]], guide)
        lists.close()
        if hidden is not None:
            _write_hidden(book.add_worksheet(hidden[0]), hidden[1])
        sheets[names[0]].activate()
    return tuple(said)


def _write_hidden(sheet: Any, frame: pl.DataFrame) -> None:
    for column, heading in enumerate(frame.columns):
        sheet.write_string(0, column, heading)
    texts = pl.DataFrame([tabs.as_cells(values, "text").texts.alias(values.name) for values in frame])
    for row, cells in enumerate(texts.iter_rows(), start=1):
        for column, text in enumerate(cells):
            if text:
                sheet.write_string(row, column, text)
    sheet.hide()


class _Lists:
    """The hidden tab: one column a list, each with a name that rules can use."""

    def __init__(self, book: Any, sheet: Any, name: str) -> None:
        self.book, self.sheet, self.name = book, sheet, name
        self.known: dict[tuple[str, ...], str] = {}

    def source(self, words: tuple[str, ...]) -> list[str] | str:
        """What a rule names as its list: the words themselves where Excel can hold them there, else a defined name."""
        plain = all(word == word.strip() and word and not set(word) & set(',"=') for word in words)
        if plain and len(",".join(words).encode("utf-16-le")) // 2 <= _INLINE:
            return list(words)
        if words not in self.known:
            self.known[words] = f"callcamp_list_{len(self.known) + 1}"
        return f"={self.known[words]}"

    def close(self) -> None:
        """Write the lists, row by row, and name them."""
        cells = [tabs.as_cells(pl.Series(words, dtype=pl.String), "text").texts.to_list() for words in self.known]
        for row in range(max(map(len, cells), default=0)):
            for column, words in enumerate(cells):
                if row < len(words):
                    self.sheet.write_string(row, column, words[row])
        quoted = self.name.replace("'", "''")
        for column, name in enumerate(self.known.values()):
            letters = _letters(column)
            self.book.define_name(name, f"='{quoted}'!${letters}$1:${letters}${len(cells[column])}")
        self.sheet.hide()


def _letters(column: int) -> str:
    return chr(65 + column) if column < 26 else _letters(column // 26 - 1) + chr(65 + column % 26)


def _write_form(book: Any, sheet: Any, form: Form, lists: _Lists) -> list[str]:
    head = form.header_row - 1
    cells = [tabs.as_cells(values, q.kind) for values, q in zip(form.frame, form.questions, strict=True)]
    last = min(head + form.frame.height + form.spare, tabs.MAX_ROWS - 1)
    for index, (question, column) in enumerate(zip(form.questions, cells, strict=True)):
        sheet.set_column(index, index, question.width or _width(question, column), book.add_format(_style(question)))
        sheet.write_string(head, index, tabs.shortened(tabs.clean(question.heading)), _header(book, question))
        if question.comment:
            _comment(sheet, head, index, question.comment)
        if question.check and last > head:
            sheet.data_validation(head + 1, index, last, index, _rule(question, lists))
    _write_rows(book, sheet, form, cells)
    sheet.freeze_panes(head + 1, 0)
    sheet.repeat_rows(head)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    if cells:
        sheet.autofilter(head, 0, max(last, head), len(cells) - 1)
    return _told(form, cells)


def _header(book: Any, question: Question) -> Any:
    fill, ink = xlsx_out.COLOURS[question.colour] if question.colour else (None, None)
    coloured = {"bg_color": fill, "font_color": ink} if fill else {}
    return book.add_format({**xlsx_out.HEADER, **coloured})


def _style(question: Question) -> dict[str, Any]:
    apart = xlsx_out.APART if question.kind in xlsx_out.RIGHT else {}
    return {"num_format": xlsx_out.FORMATS[question.kind], "valign": "top", "text_wrap": question.wrap, **apart}


def _rule(question: Question, lists: _Lists) -> dict[str, Any]:
    check = question.check
    assert check is not None
    rule: dict[str, Any] = {
        "error_title": tabs.clean(question.heading)[:_TITLE],
        "error_message": tabs.clean(check.message)[:_MESSAGE],
        "error_type": "stop" if check.strict else "warning",
    }
    if check.kind == "list":
        return rule | {"validate": "list", "source": lists.source(check.words)}
    between: dict[str, Any] = {"criteria": "between"}
    if check.kind == "number":
        return rule | between | {"validate": "decimal", "minimum": -_LARGEST, "maximum": _LARGEST}
    return rule | between | {"validate": "date", "minimum": date(1900, 3, 1), "maximum": date(9999, 12, 31)}


def _write_rows(book: Any, sheet: Any, form: Form, cells: list[Cells]) -> None:
    fill, ink = xlsx_out.COLOURS[_WRONG]
    styles = [_style(question) for question in form.questions]
    plain = [book.add_format(style) for style in styles]
    faded = [book.add_format(style | _FADED) for style in styles]
    red = [book.add_format(style | {"bg_color": fill, "font_color": ink}) for style in styles]
    wrapped = [(i, question.width or 60) for i, question in enumerate(form.questions) if question.wrap]
    comments = 0
    texts = pl.DataFrame([column.texts.alias(str(i)) for i, column in enumerate(cells)])
    for index, row in enumerate(texts.iter_rows()):
        place = form.header_row + index
        # Not every program makes room for wrapped text by itself.
        if (lines := max((1 + len(row[i] or "") // width for i, width in wrapped), default=1)) > 1:
            sheet.set_row(place, min(15 * lines, _TALLEST))
        for column, text in enumerate(row):
            wrong = (index, column) in form.wrong
            style = red[column] if wrong else faded[column] if index < form.faded else plain[column]
            number = None if (numbers := cells[column].numbers) is None else numbers[index]
            if number is not None:
                sheet.write_number(place, column, number, style)
            elif text:
                sheet.write_string(place, column, text, style)
            elif wrong:
                sheet.write_blank(place, column, None, style)
            why = form.wrong.get((index, column))
            if why and comments < MAX_COMMENTS:
                comments += 1
                _comment(sheet, place, column, why)


def _comment(sheet: Any, row: int, column: int, words: str) -> None:
    text = tabs.shortened(tabs.clean(words))
    lines = sum(1 + len(line) // 42 for line in text.split("\n"))
    sheet.write_comment(row, column, text, {"author": "callcamp-sync", "width": 290, "height": min(24 + 17 * lines, 420)})


def _write_guide(book: Any, sheet: Any, guide: Sequence[str]) -> None:
    head = book.add_format({"bold": True, "font_size": 13, "num_format": "@"})
    body = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
    sheet.set_column(0, 0, _GUIDE_WIDTH)
    # Fitting to a page divides between columns, of which there is one: it must be narrow enough by itself.
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4)
    sheet.hide_gridlines(2)
    for row, line in enumerate(guide):
        text = tabs.shortened(tabs.clean(line.removeprefix("# ")))
        sheet.set_row(row, 16 * (1 + len(text) // _GUIDE_WIDTH))
        if text:
            sheet.write_string(row, 0, text, head if line.startswith("# ") else body)


def _width(question: Question, column: Cells) -> int:
    seen = column.texts.head(1000).str.len_chars().max()
    measured = seen if isinstance(seen, int) and column.numbers is None else 12
    return max(10, min(60, max(measured, len(question.heading) + 4) + 1))


def _told(form: Form, cells: list[Cells]) -> list[str]:
    cut, cleaned = sum(c.cut for c in cells), sum(c.cleaned for c in cells)
    commented = sum(why is not None for why in form.wrong.values())
    told = []
    if cut:
        told.append(f"{form.name}: cells over {tabs.MAX_CELL:,} characters that were cut, with a mark at their end: {cut}")
    if cleaned:
        told.append(f"{form.name}: cells with control characters, which are shown as signs such as ␀: {cleaned}")
    if commented > MAX_COMMENTS:
        told.append(
            f"{form.name}: {len(form.wrong):,} cells are wrong; the first {MAX_COMMENTS:,} have a comment, all are coloured"
        )
    return told
