"""The run's folder: made before anything is sent, private, never overwritten; report.json stands whatever else fails."""

from __future__ import annotations

import csv
import re
import resource
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_cases import CAMPAIGN, HOSTILE, LINES, a_report, a_source

from callcamp_sync import frames
from callcamp_sync.errors import StateError
from callcamp_sync.model import LINE_SCHEMA, Guard, Report
from callcamp_sync.report import document, files, load_document, prepare_folder, write_report
from callcamp_sync.report.files import slug
from callcamp_sync.report.workbook import TAB_ROWS, tabs
from callcamp_sync.sheets import Column, Tab, write_csv
from callcamp_sync.sheets.links import MOST_LINKS, targets
from callcamp_sync.sheets.tabs import Link

WHEN = datetime(2026, 5, 10, 14, 30, tzinfo=UTC)


@contextmanager
def files_no_larger_than(count: int) -> Iterator[None]:
    """A disk that takes no more than `count` bytes a file, as a full one does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (count, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def csv_lines(folder: Path) -> list[dict[str, str]]:
    with (folder / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def cells(folder: Path, tab: str) -> list[tuple[Any, ...]]:
    """The lines of a tab, the header first."""
    book = openpyxl.load_workbook(folder / "report.xlsx")
    return [tuple(cell.value for cell in line) for line in book[tab].iter_rows()]


def test_the_folder_is_named_by_time_campaign_and_run_and_is_private(tmp_path: Path) -> None:
    folder = prepare_folder(tmp_path / "a" / "reports", run_id="run-1", campaign="Été / ../[2026]", started_at=WHEN)
    assert folder == tmp_path / "a" / "reports" / "20260510T143000Z-ete-2026-run-1"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        pytest.param("Spring Renewals", "spring-renewals", id="words"),
        pytest.param("../../etc/passwd", "etc-passwd", id="a path"),
        pytest.param("日本語 🙂", "campaign", id="nothing that is left"),
        pytest.param("a\x00b\nc", "a-b-c", id="control characters"),
        pytest.param("x" * 39 + " yz", "x" * 39, id="cut at a hyphen"),
        pytest.param("", "campaign", id="blank"),
    ],
)
def test_slug(text: str, name: str) -> None:
    assert slug(text) == name


@given(st.text())
def test_no_name_leaves_the_alphabet_of_slugs(text: str) -> None:
    name = slug(text)
    assert 1 <= len(name) <= 40
    assert not set(name) - set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_folder_that_is_there_is_never_touched(tmp_path: Path) -> None:
    folder = prepare_folder(tmp_path, run_id="run-1", campaign="c", started_at=WHEN)
    (folder / "report.json").write_text("mine")
    with pytest.raises(StateError, match="File exists"):
        prepare_folder(tmp_path, run_id="run-1", campaign="c", started_at=WHEN)
    assert (folder / "report.json").read_text() == "mine"


@pytest.mark.parametrize("run_id", ["", "../up", "a/b", "-flag", "x" * 65, "a\n"])
def test_an_id_that_is_no_name_makes_no_folder(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(StateError, match="cannot be the id"):
        prepare_folder(tmp_path, run_id=run_id, campaign="c", started_at=WHEN)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_a_file_is_refused_with_a_cure(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("")
    with pytest.raises(StateError) as caught:
        prepare_folder(tmp_path / "reports", run_id="run-1", campaign="c", started_at=WHEN)
    assert caught.value.hint is not None
    assert "--report-dir" in caught.value.hint


def test_a_full_disk_is_noticed_before_anything_is_sent(tmp_path: Path) -> None:
    with files_no_larger_than(1_000), pytest.raises(StateError, match="cannot be written"):
        prepare_folder(tmp_path, run_id="run-1", campaign="c", started_at=WHEN)
    assert list(tmp_path.iterdir()) == []


def test_write_report_leaves_five_private_files_and_nothing_else(tmp_path: Path) -> None:
    assert write_report(a_report(), tmp_path) == ()
    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == dict.fromkeys(
        ("report.json", "rows.csv", "report.xlsx", "report.html", "report.md"), 0o600
    )
    assert load_document(tmp_path) == document(a_report())


def test_a_full_disk_leaves_the_old_report_and_no_half_one(tmp_path: Path) -> None:
    write_report(a_report(), tmp_path)
    before = (tmp_path / "report.json").read_bytes()
    with files_no_larger_than(1_000), pytest.raises(StateError, match=r"report\.json"):
        write_report(a_report(checked=9), tmp_path)
    assert (tmp_path / "report.json").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 5


def many_unchanged() -> Report:
    """A report whose report.json is small and whose rows.csv and workbook are not."""
    rows = pl.Series("row", range(2, 20_002), dtype=pl.UInt32).to_frame().with_columns(outcome=pl.lit("unchanged"))
    base = a_report((), (), (), ())
    return replace(base, lines=frames.fit(rows, LINE_SCHEMA), source=a_source(20_000), counts={"unchanged": 20_000})


def test_a_disk_that_fills_up_under_rows_csv_is_an_error_and_report_json_stands(tmp_path: Path) -> None:
    with files_no_larger_than(50_000), pytest.raises(StateError, match=r"rows\.csv"):
        write_report(many_unchanged(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_a_workbook_takes_no_room_before_rows_csv_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are made at the same time; the disk's last bytes are for rows.csv. The workbook is given time to be too early."""
    sizes: list[int] = []

    def slow(path: Path, frame: pl.DataFrame, *, dialect: Literal["excel", "raw"]) -> None:
        for _ in range(20):
            time.sleep(0.02)
            sizes.append(sum(one.stat().st_size for one in tmp_path.glob("*report.xlsx*")))
        write_csv(path, frame, dialect=dialect)

    monkeypatch.setattr(files, "write_csv", slow)
    write_report(many_unchanged(), tmp_path)
    assert set(sizes) == {0}
    assert (tmp_path / "report.xlsx").stat().st_size > 100_000


def test_a_folder_that_vanished_is_an_error_of_ours_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="gone"):
        write_report(a_report(), tmp_path / "gone")


def test_a_workbook_that_cannot_be_written_costs_neither_json_nor_csv(tmp_path: Path) -> None:
    (tmp_path / "report.xlsx").mkdir()
    warnings = write_report(a_report(), tmp_path)
    assert len(warnings) == 1
    assert "report.xlsx" in warnings[0]
    assert load_document(tmp_path) == document(a_report())
    assert len(csv_lines(tmp_path)) == len(LINES)


def test_rows_csv_has_every_row_with_its_codes_and_words(tmp_path: Path) -> None:
    write_report(a_report(LINES[::-1]), tmp_path)
    lines = csv_lines(tmp_path)
    assert list(lines[0]) == ["row", "outcome", "phone", "order_uuid", "record_uuid", "codes", "message"]
    assert [line["row"] for line in lines] == ["2", "3", "5", "6", "7", "8"]
    assert lines[3]["codes"] == "phone-letters email-invalid"
    assert lines[3]["message"] == "`call me` has letters in it; `ann at example.com` is not an e-mail address"
    assert lines[5]["message"] == "nothing differs"


def test_the_line_s_own_message_stands_before_those_of_its_issues(tmp_path: Path) -> None:
    write_report(
        a_report([{"row": 2, "outcome": "held", "message": "own words"}], (), [{"row": 2, "code": "cell-error"}], ()), tmp_path
    )
    assert csv_lines(tmp_path)[0]["message"] == "own words"


def test_a_run_that_read_no_row_leaves_a_report_too(tmp_path: Path) -> None:
    assert write_report(a_report((), (), (), (), campaign=None, folder=None), tmp_path) == ()
    assert (load_document(tmp_path)["rows"], csv_lines(tmp_path)) == ([], [])


def test_rows_csv_keeps_phones_and_disarms_formulas(tmp_path: Path) -> None:
    write_report(a_report(), tmp_path)
    line = csv_lines(tmp_path)[4]
    assert (line["phone"], line["message"]) == ("+12015550126", "'=1+1 is not allowed here")


def test_the_workbook_tells_changes_and_problems_of_each_row(tmp_path: Path) -> None:
    write_report(a_report(), tmp_path)
    assert cells(tmp_path, "Changes") == [
        ("Row", "Phone", "Field", "Old", "New", "Outcome"),
        (2, "+12015550123", "name", None, "=1+1", "created"),
        (3, "+12015550124", "parameters.company", "Acme Corp", "Acme", "updated"),
        (3, "+12015550124", "price", None, "10.5", "updated"),
    ]
    problems = cells(tmp_path, "Problems")
    assert problems[0] == ("Row", "Outcome", "Heading", "Cell", "Code", "Message", "What to do")
    assert [(line[0], line[1], line[4]) for line in problems[1:]] == [
        (6, "rejected", "phone-letters"),
        (6, "rejected", "email-invalid"),
        (7, "failed", None),
        (5, "unchanged", "asked-skip"),
    ]
    assert problems[3][5] == "=1+1 is not allowed here"
    assert [line[0] for line in cells(tmp_path, "Rows")[1:]] == [2, 3, 5, 6, 7, 8]
    assert cells(tmp_path, "Not in the sheet")[1] == ("order_9", "record_9", "+447700900123", None, "kept", None)


def test_a_row_that_an_earlier_run_left_open_is_one_problem(tmp_path: Path) -> None:
    write_report(a_report([{"row": 2, "outcome": "unknown"}], (), [{"row": 2, "code": "unsettled", "detail": "x"}], ()), tmp_path)
    assert [(line[0], line[1], line[4]) for line in cells(tmp_path, "Problems")[1:]] == [(2, "unknown", "unsettled")]


def test_no_cell_of_the_workbook_is_a_formula(tmp_path: Path) -> None:
    hostile = a_report(
        [{"row": 2, "outcome": "failed", "phone": "=1+1", "message": "=cmd()"}],
        [{"row": 2, "field": "=f", "old": "+1+1", "new": "@x"}],
        [{"row": 2, "code": "value-required", "heading": "=H", "cell": "=1+1"}],
        campaign=replace(CAMPAIGN, name="=1+1"),
        notices=("=HYPERLINK(1)",),
    )
    write_report(hostile, tmp_path)
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    assert {cell.data_type for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None} <= {
        "s",
        "n",
    }


def test_the_summary_tab_tells_verdict_counts_guards_and_what_to_do(tmp_path: Path) -> None:
    guard = Guard(name="max-remove", limit=50, actual=412, tripped=True, flag="--max-remove", message="412 of 500")
    write_report(a_report(guards=(guard,), mismatches=("order_3 differs",), notices=("a notice",)), tmp_path)
    lines = [tuple(cell or None for cell in line) for line in cells(tmp_path, "Summary")]
    assert lines[1][0] == "Verdict"
    for line in (
        ("Rows of the sheet", "created", 1, "new in the campaign"),
        ("Rows of the sheet", "all", 6, None),
        ("Orders without a row", "kept", 1, "left as they are"),
        ("Guard, TRIPPED", "max-remove", 412, "412 of 500"),
        ("Read back", "mismatch", None, "order_3 differs"),
        ("Notice", None, None, "a notice"),
    ):
        assert line in lines, lines
    assert any(line[0] == "What to do next" and "callcamp-sync sync" in str(line[3]) for line in lines)


def test_the_last_tab_tells_where_the_run_came_from(tmp_path: Path) -> None:
    write_report(a_report(), tmp_path)
    lines = [tuple(cell or None for cell in line) for line in cells(tmp_path, "Run")]
    assert ("Source", "file", None, "leads.xlsx, tab Leads") in lines
    assert ("Run", "from, to", None, "2026-05-10T14:30:00Z, 2026-05-10T14:31:05Z") in lines


def test_a_problem_leads_to_its_row_and_stays_a_number(tmp_path: Path) -> None:
    write_report(a_report(), tmp_path)
    book = openpyxl.load_workbook(tmp_path / "report.xlsx")
    found = [(line[0].value, line[0].hyperlink.location) for line in book["Problems"].iter_rows(min_row=2)]
    assert [row for row, _ in found] == [6, 6, 7, 5]
    assert {row: book["Rows"][place.partition("!")[2]].value for row, place in found} == {5: 5, 6: 6, 7: 7}
    assert {place.partition("!")[0] for _, place in found} == {"'Rows'"}


def test_the_chart_of_the_summary_draws_the_counts_of_the_rows(tmp_path: Path) -> None:
    write_report(a_report(), tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / "report.xlsx")["Summary"]
    with zipfile.ZipFile(tmp_path / "report.xlsx") as package:
        drawn = package.read("xl/charts/chart1.xml").decode()
    found = dict(re.findall(r"<c:(cat|val)>.*?<c:f>Summary!([^<]+)</c:f>", drawn, flags=re.DOTALL))
    shown = {kind: [line[0].value for line in sheet[place.replace("$", "")]] for kind, place in found.items()}
    assert shown == {"cat": ["created", "updated", "unchanged", "rejected", "failed"], "val": [1, 1, 2, 1, 1]}


def test_more_problems_than_excel_has_links_for_still_fit() -> None:
    """Only the addresses are made: writing them would take seconds."""
    rows = pl.Series("row", range(MOST_LINKS + 10), dtype=pl.UInt32)
    tab = Tab(name="P", columns=(Column(heading="Row"),), frame=rows.to_frame(), links={"Row": Link(tab="Rows", rows=rows)})
    made = targets(tab, rows.len())[0]
    assert (len(made), made[0], made[MOST_LINKS - 1], made[MOST_LINKS]) == (
        MOST_LINKS + 10,
        "internal:'Rows'!A2",
        f"internal:'Rows'!A{MOST_LINKS + 1}",
        None,
    )
    assert targets(tab, 7) == {}


def test_a_hostile_name_goes_unharmed_through_json_and_csv(tmp_path: Path) -> None:
    report = a_report(
        [{"row": 2, "outcome": "failed", "message": HOSTILE}], [{"row": 2, "field": "name", "new": HOSTILE}], (), ()
    )
    write_report(report, tmp_path)
    row = load_document(tmp_path)["rows"][0]
    assert (row["error"], row["changes"][0]["new"], csv_lines(tmp_path)[0]["message"]) == (HOSTILE, HOSTILE, HOSTILE)


def test_a_hostile_name_reaches_the_workbook_with_signs_for_what_excel_cannot_hold(tmp_path: Path) -> None:
    report = a_report([{"row": 2, "outcome": "created"}], [{"row": 2, "field": "name", "new": HOSTILE}], (), ())
    assert any("control characters" in warning for warning in write_report(report, tmp_path))
    # A workbook's XML reads CR LF as one line feed; openpyxl shows what it reads.
    shown = cells(tmp_path, "Changes")[1][4].replace("_x000D_", "").replace("\r", "")
    assert shown == HOSTILE.replace("\x1b", "␛").replace("\r", "")


def test_a_file_name_that_is_no_text_costs_no_file(tmp_path: Path) -> None:
    write_report(a_report(source=a_source(6, path="leads\udcff.xlsx"), mismatches=("\udcff",)), tmp_path)
    assert ("Source", "file", None, "leads?.xlsx, tab Leads") in [
        tuple(c or None for c in line) for line in cells(tmp_path, "Run")
    ]


def test_a_tab_that_is_cut_says_so_and_where_all_of_it_is() -> None:
    """Only the tabs are made: writing 200,000 lines would take seconds."""
    rows = pl.Series("row", range(2, TAB_ROWS + 5), dtype=pl.UInt32).to_frame().with_columns(outcome=pl.lit("created"))
    base = a_report((), (), (), ())
    report = replace(base, lines=frames.fit(rows, LINE_SCHEMA), source=a_source(TAB_ROWS + 3), counts={"created": TAB_ROWS + 3})
    made = {tab.name: tab.frame for tab in tabs(report)}
    assert made["Rows"].height == TAB_ROWS
    assert ("Cut short", "Rows", TAB_ROWS, "the first 200,000 of 200,003 lines; rows.csv has all") in made["Summary"].rows()


def test_the_same_report_gives_the_same_files(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
        write_report(a_report(), folder)
    for name in ("report.json", "rows.csv", "report.xlsx", "report.html", "report.md"):
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes(), name
    assert openpyxl.load_workbook(folders[0] / "report.xlsx").properties.created == datetime(2026, 5, 10, 14, 31, 5)  # noqa: DTZ001
