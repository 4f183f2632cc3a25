"""report.json: the documented keys, the rows it leaves out, the same bytes each time, and books that balance."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_cases import CAMPAIGN, HOSTILE, LINES, ORDERS, a_report, a_source, outcomes

from callcamp_sync import frames
from callcamp_sync.errors import StateError
from callcamp_sync.model import CHANGE_SCHEMA, ISSUE_SCHEMA, LINE_SCHEMA, Guard, Limit, Mode, Report
from callcamp_sync.report import SCHEMA, balance, document, load_document
from callcamp_sync.report.documents import write_json


def as_file(report: Report) -> bytes:
    stream = io.BytesIO()
    write_json(report, stream)
    return stream.getvalue()


def test_the_document_has_the_keys_of_the_interface_in_their_order() -> None:
    guard = Guard(name="max-remove", limit=50, actual=3, tripped=False, flag="--max-remove")
    content = document(a_report(guards=(guard,), mismatches=("order_3 has another price",)))
    assert list(content.items())[:6] == [
        ("schema", "callcamp-sync/report/1"),
        (
            "run",
            {
                "id": "run-1",
                "command": "sync",
                "version": "0.1.0",
                "started_at": "2026-05-10T14:30:00Z",
                "finished_at": "2026-05-10T14:31:05Z",
                "exit": {"code": 6, "name": "incomplete"},
                "dry_run": False,
                "folder": "reports/20260510T143000Z-spring-renewals-run-1",
            },
        ),
        ("campaign", {"uuid": "campaign_12345", "name": "Spring renewals", "record_type_uuid": "type_1"}),
        (
            "source",
            {"path": "leads.xlsx", "sheet": "Leads", "sha256": "ab" * 32, "rows": 6, "encoding": None, "delimiter": None},
        ),
        ("settings", {"mode": "upsert", "on_missing": "keep"}),
        ("counts", {"created": 1, "updated": 1, "unchanged": 2, "rejected": 1, "failed": 1}),
    ]
    assert list(content)[6:] == ["missing", "rows", "orders", "guards", "requests", "verified", "notices", "forecast"]
    assert content["missing"] == {"kept": 1}
    assert content["orders"] == [{"order_uuid": "order_9", "phone": "+447700900123", "outcome": "kept"}]
    assert content["guards"] == [{"name": "max-remove", "limit": 50, "actual": 3, "tripped": False}]
    assert content["requests"] == {"sent": 520, "retried": 4, "throttled": 2}
    assert content["verified"] == {"checked": 3, "mismatches": ["order_3 has another price"]}


def test_an_updated_row_carries_its_changes() -> None:
    assert document(a_report())["rows"][1] == {
        "row": 3,
        "outcome": "updated",
        "phone": "+12015550124",
        "order_uuid": "order_3",
        "record_uuid": "record_3",
        "changes": [
            {"field": "parameters.company", "old": "Acme Corp", "new": "Acme"},
            {"field": "price", "old": None, "new": "10.5"},
        ],
        "issues": [],
        "error": None,
    }


def test_a_rejected_row_carries_its_issues_in_words() -> None:
    row = document(a_report())["rows"][2]
    assert row["issues"][0] == {
        "code": "phone-letters",
        "heading": "Mobile",
        "field": "phoneNumber",
        "cell": "call me",
        "message": "`call me` has letters in it",
        "hint": "write the number in digits",
    }
    assert [issue["code"] for issue in row["issues"]] == ["phone-letters", "email-invalid"]


def test_unchanged_rows_are_left_out() -> None:
    assert [row["row"] for row in document(a_report())["rows"]] == [2, 3, 6, 7]


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        ("failed", True),
        ("unknown", True),
        ("drifted", True),
        ("not-attempted", True),
        ("created", False),
        ("rejected", False),
        ("held", False),
    ],
)
def test_error_is_the_message_of_rows_that_the_server_did_not_carry_out(outcome: str, told: bool) -> None:
    report = a_report([{"row": 2, "outcome": outcome, "message": "words"}], (), (), ())
    assert document(report)["rows"][0]["error"] == ("words" if told else None)


def test_rows_stand_in_the_order_of_the_sheet() -> None:
    assert document(a_report(LINES[::-1])) == document(a_report())


def test_the_file_says_what_the_document_says() -> None:
    report = a_report(campaign=replace(CAMPAIGN, name=HOSTILE), notices=(HOSTILE,))
    assert json.loads(as_file(report)) == document(report)


def test_a_long_file_says_of_every_row_what_belongs_to_it() -> None:
    """More rows than one chunk holds, in shuffled order, every third of them unchanged."""
    rows = pl.Series("row", range(2, 50_002), dtype=pl.UInt32).shuffle(seed=7).to_frame()
    number = pl.col("row").cast(pl.String)
    outcome = pl.when(pl.col("row") % 3 == 0).then(pl.lit("unchanged")).otherwise(pl.lit("created"))
    report = replace(
        a_report((), (), (), ()),
        lines=frames.fit(rows.with_columns(outcome=outcome), LINE_SCHEMA),
        changes=frames.fit(rows.with_columns(field=pl.lit("name"), new="n" + number), CHANGE_SCHEMA),
        issues=frames.fit(rows.with_columns(code=pl.lit("cell-error"), cell="c" + number), ISSUE_SCHEMA),
    )
    listed = json.loads(as_file(report))["rows"]
    assert [row["row"] for row in listed] == [row for row in range(2, 50_002) if row % 3]
    assert all([change["new"] for change in row["changes"]] == [f"n{row['row']}"] for row in listed)
    assert all([issue["cell"] for issue in row["issues"]] == [f"c{row['row']}"] for row in listed)


def test_the_same_report_gives_the_same_bytes() -> None:
    assert as_file(a_report()) == as_file(a_report())


def test_a_report_without_rows_is_still_a_document() -> None:
    content = json.loads(as_file(a_report((), (), (), (), campaign=None, folder=None)))
    assert (content["rows"], content["orders"], content["campaign"], content["counts"]) == ([], [], None, {})


@given(st.text())
def test_any_text_goes_through_the_file_unharmed(text: str) -> None:
    report = a_report(
        [{"row": 2, "outcome": "failed", "phone": text, "message": text}],
        [{"row": 2, "field": "name", "old": text, "new": text}],
        [{"row": 2, "code": "value-required", "heading": text, "cell": text}],
        [{"order_uuid": text, "phone": text, "outcome": "kept"}],
    )
    content = json.loads(as_file(report))
    assert content == document(report)
    row = content["rows"][0]
    assert {row["phone"], row["error"], row["changes"][0]["old"], row["changes"][0]["new"], row["issues"][0]["cell"]} == {text}


def test_times_are_utc_whatever_zone_they_came_in() -> None:
    there = timezone(timedelta(hours=5, minutes=30))
    assert (
        document(a_report(started_at=datetime(2026, 5, 10, 20, 0, tzinfo=there)))["run"]["started_at"] == "2026-05-10T14:30:00Z"
    )


def test_settings_are_written_as_plain_values() -> None:
    settings = {
        "mode": Mode.MIRROR,
        "max_remove": Limit(percent=10),
        "mapping": Path("maps/a.toml"),
        "status": {"b", "a"},
        "rate": float("inf"),
    }
    assert document(a_report(settings=settings))["settings"] == {
        "mode": "mirror",
        "max_remove": "10%",
        "mapping": "maps/a.toml",
        "status": ["a", "b"],
        "rate": None,
    }


def test_a_file_name_that_is_no_text_does_not_cost_the_report() -> None:
    assert json.loads(as_file(a_report(source=a_source(6, path="leads\udcff.xlsx"))))["source"]["path"] == "leads?.xlsx"


def test_a_code_that_is_not_catalogued_does_not_cost_the_report() -> None:
    report = a_report(issues=[{"row": 6, "code": "brand-new"}])
    assert document(report)["rows"][2]["issues"][0]["message"] == "brand-new"


def test_load_document_reads_the_file_and_its_folder(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(as_file(a_report()))
    assert load_document(tmp_path) == load_document(tmp_path / "report.json") == document(a_report())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(None, "cannot be read", id="there is none"),
        pytest.param(b"", "no JSON", id="it is empty"),
        pytest.param(b'{"schema": "callcamp', "no JSON", id="it was cut"),
        pytest.param(b"[]", "not a report", id="it is another document"),
        pytest.param(b'{"schema": "callcamp-sync/report/2"}', "not a report", id="it is of a later version"),
    ],
)
def test_load_document_refuses(tmp_path: Path, content: bytes | None, words: str) -> None:
    if content is not None:
        (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(StateError, match=words):
        load_document(tmp_path / "report.json")


def test_the_schema_name_is_the_documented_one() -> None:
    assert SCHEMA == "callcamp-sync/report/1"


def test_books_that_balance_say_nothing() -> None:
    assert balance(a_report()) == []


@pytest.mark.parametrize(
    ("report", "words"),
    [
        pytest.param(a_report(source=a_source(7)), "the sheet has 7 rows, and 6 have a line", id="a row without a line"),
        pytest.param(a_report(source=a_source(7)), "the counts add up to 6", id="counts that miss a row"),
        pytest.param(
            a_report(outcomes("created", "held"), (), (), counts={"created": 2}),
            "2 rows are counted as `created`, and 1 stand in the lines",
            id="counts that add up and are wrong",
        ),
        pytest.param(
            a_report(outcomes("created", "held"), (), (), counts={"created": 2}),
            "0 rows are counted as `held`, and 1 stand in the lines",
            id="an outcome that nobody counted",
        ),
        pytest.param(a_report(outcomes("done"), (), ()), "`done` is not an outcome of rows", id="an outcome that does not exist"),
        pytest.param(
            a_report(missing={"kept": 2}), "2 orders without a row are counted as `kept`, and 1", id="orders miscounted"
        ),
        pytest.param(a_report([*LINES[:5], LINES[0]]), "row 2 has more than one line", id="a row with two lines"),
        pytest.param(a_report(orders=ORDERS * 2), "order order_9 has more than one line", id="an order with two lines"),
        pytest.param(
            a_report(changes=[{"row": 99, "field": "name", "new": "x"}]), "row 99 has a change, and no line", id="a stray change"
        ),
        pytest.param(
            a_report(issues=[{"row": 99, "code": "cell-error"}]), "row 99 has an issue, and no line", id="a stray issue"
        ),
        pytest.param(
            a_report(issues=[{"row": 6, "code": "brand-new"}]), "`brand-new` is not in the catalogue", id="an unknown code"
        ),
    ],
)
def test_balance_names(report: Report, words: str) -> None:
    assert any(words in sentence for sentence in balance(report)), balance(report)
