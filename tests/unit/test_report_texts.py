"""The terminal's texts: safe for any terminal, short, and ending with what to do next."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_cases import CAMPAIGN, HOSTILE, a_plan, a_quiet_report, a_report, a_source, outcomes

from callcamp_sync.errors import ExitCode
from callcamp_sync.model import Guard, Limit, Report, RequestCounts, RowOutcome, Step, StepKind, Took
from callcamp_sync.report import clean, markdown, next_steps, plan_table, summary, verdict
from callcamp_sync.report.page import page
from callcamp_sync.report.terminal import columns, cut, pad
from callcamp_sync.report.workbook import tabs

TRIPPED = Guard(
    name="max-remove",
    limit=50,
    actual=412,
    tripped=True,
    flag="--max-remove",
    message="the plan removes 412 of 500 orders, over 10%",
)
QUIET = Guard(name="max-create", limit=None, actual=3, tripped=False, flag="--max-create")
EMPTY = Guard(name="empty-sheet", limit=None, actual=0, tripped=True, flag=None, message="the sheet has no valid row")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("[bold]Ann[/bold]", "[bold]Ann[/bold]", id="brackets are no markup"),
        pytest.param("Ann\nDone", "Ann Done", id="a line feed cannot start a line"),
        pytest.param("a\r\nb\tc\u2028d", "a b c d", id="every break is one space"),
        pytest.param("\x1b[31mred\x1b[0m\x07\x7f", "[31mred[0m", id="escapes lose their escape"),
        pytest.param("\x9b31mred", "31mred", id="the one-byte escape too"),
        pytest.param("evil\u202egnp.exe\u2066", "evilgnp.exe", id="bidi controls go"),
        pytest.param("👩\u200d🚀 🙂 é", "👩\u200d🚀 🙂 é", id="joined emoji and accents stay"),
        pytest.param("a\ud800b", "a\ufffdb", id="half a pair is marked"),
        pytest.param("=1+1", "=1+1", id="a formula is text"),
    ],
)
def test_clean(text: str, shown: str) -> None:
    assert clean(text) == shown


@given(st.text(st.characters()))
def test_cleaning_twice_changes_nothing_and_prints_one_line(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert len(once.splitlines()) <= 1
    assert "\x1b" not in once


@given(st.text(st.characters()), st.integers(2, 60))
def test_a_padded_cell_is_exactly_as_wide_as_its_column(text: str, width: int) -> None:
    assert columns(pad(text, width)) == width


def test_what_is_cut_is_marked() -> None:
    assert (cut("abcdef", 6), cut("abcdef", 5), cut("日本語", 5), cut("ＡＢＣ", 5)) == ("abcdef", "abcd…", "日本…", "ＡＢ…")


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        pytest.param(
            a_quiet_report("created", "updated", "updated"),
            "Done: 1 created, 2 updated.",
            id="counts stand in the design's order",
        ),
        pytest.param(
            a_quiet_report("unchanged"),
            "Nothing to do, the campaign says what the sheet says: 1 unchanged.",
            id="nothing differed",
        ),
        pytest.param(a_quiet_report("created", dry_run=True), "Planned, nothing was sent: 1 created.", id="a dry run"),
        pytest.param(
            a_quiet_report("held", code=ExitCode.ROWS), "Done, but some rows were rejected or held: 1 held.", id="rows to correct"
        ),
        pytest.param(
            a_quiet_report("rejected", code=ExitCode.ROWS, dry_run=True, command="validate"),
            "Checked, nothing was sent; some rows are rejected or held: 1 rejected.",
            id="a validation",
        ),
        pytest.param(
            a_quiet_report(code=ExitCode.ACCESS), "Stopped, the token was not accepted, or lacks a permission.", id="no rows"
        ),
    ],
)
def test_the_verdict_says_how_it_ended(report: Report, sentence: str) -> None:
    assert verdict(report) == sentence


SHEET = "'leads.xlsx#Leads' -c campaign_12345"


@pytest.mark.parametrize(
    ("report", "step"),
    [
        pytest.param(a_quiet_report("unchanged"), "nothing to do", id="nothing left"),
        pytest.param(a_quiet_report("created"), "nothing to do", id="all done"),
        pytest.param(a_quiet_report("created", "unknown", code=ExitCode.INCOMPLETE), "callcamp-sync resume run-1", id="unknown"),
        pytest.param(a_quiet_report("not-attempted", code=ExitCode.UNREACHABLE), "callcamp-sync resume run-1", id="broken off"),
        pytest.param(
            a_quiet_report("not-attempted", code=ExitCode.INTERRUPTED, took=Took(requests=1, seconds=1.0, calls=0)),
            "callcamp-sync resume run-1",
            id="interrupted",
        ),
        pytest.param(
            a_quiet_report("unchanged", code=ExitCode.UNREACHABLE), f"run again later: callcamp-sync sync {SHEET}", id="no answer"
        ),
        pytest.param(a_quiet_report("rejected", code=ExitCode.ROWS), f"callcamp-sync validate {SHEET}", id="rows to correct"),
        pytest.param(
            a_quiet_report("created", dry_run=True), f"carry it out: callcamp-sync sync {SHEET}", id="a dry run with changes"
        ),
        pytest.param(a_quiet_report("unchanged", dry_run=True), "nothing to do", id="a dry run without"),
        pytest.param(
            a_quiet_report(
                "created", dry_run=True, command="plan", settings={"plan_file": "plan one.json"}, code=ExitCode.CHANGES
            ),
            "carry it out: callcamp-sync apply 'plan one.json'",
            id="a saved plan",
        ),
        pytest.param(
            a_quiet_report("not-attempted", code=ExitCode.GUARD, guards=(TRIPPED, QUIET)),
            f"callcamp-sync sync {SHEET} --max-remove 412",
            id="a guard names its flag and no other",
        ),
        pytest.param(
            a_quiet_report(code=ExitCode.GUARD, guards=(EMPTY,)),
            "complete the sheet, then: callcamp-sync plan",
            id="a guard without flag",
        ),
        pytest.param(a_quiet_report("drifted", code=ExitCode.INCOMPLETE), f"callcamp-sync sync {SHEET}", id="drifted"),
        pytest.param(a_quiet_report("failed", code=ExitCode.INCOMPLETE), f"callcamp-sync sync {SHEET}", id="failed"),
        pytest.param(a_quiet_report(code=ExitCode.ACCESS), "callcamp-sync doctor", id="a token that does not do"),
        pytest.param(a_quiet_report(code=ExitCode.REFUSED), f"plan again: callcamp-sync plan {SHEET}", id="a stale plan"),
        pytest.param(
            a_quiet_report("unchanged", command="validate", dry_run=True),
            f"callcamp-sync plan {SHEET}",
            id="a sheet that is good",
        ),
        pytest.param(
            a_quiet_report("rejected", command="validate", code=ExitCode.ROWS, campaign=None, settings={"record_type": "t.json"}),
            "callcamp-sync validate 'leads.xlsx#Leads' --record-type t.json",
            id="a sheet that was checked without a campaign",
        ),
    ],
)
def test_the_next_step_is(report: Report, step: str) -> None:
    assert step in next_steps(report)[0]
    assert summary(report).splitlines()[-1].endswith(next_steps(report)[-1])


@pytest.mark.parametrize(
    ("settings", "flags"),
    [
        pytest.param(
            {"mode": "upsert", "max_remove": Limit(percent=10), "on_missing": "keep"}, "", id="defaults are not repeated"
        ),
        pytest.param({"mode": "mirror", "on_missing": "remove"}, " --mode mirror --on-missing remove", id="a mirror"),
        pytest.param({"max_remove": Limit(count=3), "reopen": True}, " --max-remove 3 --reopen", id="limits and switches"),
        pytest.param({"region": "GB", "key": None}, " --region GB", id="what is not set is left out"),
    ],
)
def test_a_repeated_command_keeps_the_flags_of_the_run(settings: Mapping[str, Any], flags: str) -> None:
    report = a_quiet_report("created", dry_run=True, settings=settings)
    assert next_steps(report) == (f"carry it out: callcamp-sync sync {SHEET}{flags}",)


def test_a_lifted_guard_replaces_the_limit_that_the_run_had() -> None:
    report = a_quiet_report(code=ExitCode.GUARD, guards=(TRIPPED,), settings={"max_remove": Limit(count=3)})
    assert next_steps(report)[0].endswith(f"{SHEET} --max-remove 412")


def test_what_an_earlier_run_left_open_is_not_asked_of_this_run() -> None:
    """The id of this run would resume nothing."""
    lines = outcomes("created", "unknown")
    for dry_run in (False, True):
        report = a_report(lines, (), [{"row": 3, "code": "unsettled", "detail": "x"}], (), dry_run=dry_run)
        assert next_steps(report)[0] == "settle what an earlier run left open: callcamp-sync resume"


def test_a_question_that_was_answered_with_no_leaves_nothing_to_resume() -> None:
    """Nothing was sent, and no command knows the run."""
    report = a_quiet_report("created", "not-attempted", code=ExitCode.INTERRUPTED, took=None)
    assert next_steps(report) == (f"nothing was sent; when it is right: callcamp-sync sync {SHEET}",)


def test_a_run_that_was_interrupted_in_the_middle_is_resumed() -> None:
    report = a_quiet_report("created", "not-attempted", code=ExitCode.INTERRUPTED, took=Took(seconds=1.0, requests=1, calls=0))
    assert next_steps(report)[0].endswith("callcamp-sync resume run-1")


def test_a_dry_run_never_asks_for_a_resume() -> None:
    """It sent nothing, so nothing is open, whatever was planned."""
    assert "resume" not in summary(a_quiet_report("created", "not-attempted", "unknown", dry_run=True))


def test_a_command_is_one_shell_word_a_part() -> None:
    source = a_source(1, path="my leads; rm -rf $HOME.csv", sheet=None)
    report = a_quiet_report("created", dry_run=True, source=source, settings={"mapping": PurePosixPath("a b.toml")})
    assert next_steps(report)[0].endswith("sync 'my leads; rm -rf $HOME.csv' -m 'a b.toml' -c campaign_12345")


def everything(**more: Any) -> Report:
    """A report with every outcome, many problems and many notices."""
    names = [str(name) for name in RowOutcome]
    codes = ("phone-letters", "email-invalid", "cell-error", "country-unknown", "phone-blank", "match-several")
    issues = [
        {
            "row": 9,
            "code": code,
            "heading": "Heading",
            "cell": "SECRET CELL",
            "detail": "SECRET CELL" if code == "cell-error" else "x",
        }
        for code in codes
    ]
    known: dict[str, Any] = {
        "guards": (TRIPPED, QUIET, EMPTY),
        "notices": ("one", "two", "three"),
        "mismatches": tuple(f"order {n}" for n in range(30)),
    }
    return a_report(outcomes(*names), (), issues, **(known | more))


def test_the_summary_is_about_twenty_lines_however_much_there_is_to_say() -> None:
    assert len(summary(everything()).splitlines()) <= 22


def test_problems_that_the_summary_has_no_room_for_are_counted() -> None:
    def told(*codes: str) -> str:
        issues = [{"row": 9, "code": code, "heading": "Heading", "cell": "x", "detail": "x"} for code in codes]
        return summary(a_report(outcomes("rejected"), (), issues))

    four = told("phone-invalid", "email-invalid", "country-unknown", "row-totals")
    assert "and 1 more kind" in four
    assert "and 2 more kinds" in told("phone-invalid", "email-invalid", "country-unknown", "row-totals", "cell-error")
    assert "more kind" not in told("phone-invalid", "email-invalid", "country-unknown")


def test_the_summary_names_what_a_person_asks_first() -> None:
    text = summary(everything(requests=RequestCounts(sent=1520, retried=4, throttled=2)))
    for words in (
        "Not finished, operations failed or are unknown.",
        "Spring renewals (campaign_12345)",
        "created 1 · associated 1",
        "kept 1",
        "max-remove tripped: the plan removes 412 of 500 orders",
        "cell-error: 1 row, such as row 9, `Heading`: correct the formula, or type the value",
        "3 orders read back; 30 claims did not hold",
        "1,520 sent, 4 retried, 2 throttled",
        "reports/20260510T143000Z-spring-renewals-run-1",
    ):
        assert words in text, text


def test_the_commonest_problem_stands_first_with_its_first_row() -> None:
    issues = [{"row": row, "code": "phone-letters", "heading": "Mobile"} for row in (8, 4, 6)] + [
        {"row": 2, "code": "cell-error"}
    ]
    text = summary(a_report(issues=issues))
    assert "Problems   phone-letters: 3 rows, such as row 4, `Mobile`: write the number in digits" in text


def test_a_long_problem_is_told_to_its_cure() -> None:
    """Where nobody can widen the window (a log, say), the end of a line is what helps."""
    cure = "the cell holds a number without a country code, so pass `--region GB` or add a column with the country of each row"
    for width in (40, 60, 100):
        lines = summary(a_report(notices=(cure,)), width=width).splitlines()
        at = next(nth for nth, line in enumerate(lines) if line.startswith("Notice"))
        told = [line.removeprefix("Notice").strip() for line in lines[at : at + 3] if line[:1] in (" ", "N")]
        assert all(columns(line) <= width for line in lines[at : at + 3])
        if width > 40:
            assert cure in " ".join(told)
        else:
            assert " ".join(told).startswith("the cell holds a number without")
            assert told[-1].endswith("…")


def test_the_summary_shows_no_cell_of_the_sheet() -> None:
    assert "SECRET" not in summary(everything())


def test_the_summary_says_when_the_books_do_not_balance() -> None:
    assert "DO NOT BALANCE: the sheet has 9 rows, and 6 have a line" in summary(a_report(source=a_source(9)))


@pytest.mark.parametrize("width", [40, 100])
def test_no_hostile_name_starts_a_line_or_colours_the_screen(width: int) -> None:
    report = everything(campaign=replace(CAMPAIGN, name=HOSTILE), notices=(HOSTILE,), mismatches=(HOSTILE,), folder=HOSTILE)
    text = summary(report, width=width)
    assert "[red]" in text
    assert not any(line.startswith("Done") for line in text.splitlines())
    assert not set(text) & set("\x1b\r\u202e")
    assert all(columns(line) <= width for line in text.splitlines() if not line.startswith(("Report", "Next", "Then", "Not ")))


def test_the_plan_table_shows_counts_steps_guards_and_changes() -> None:
    steps = tuple(Step(id=str(n), kind=StepKind.CREATE if n else StepKind.REMOVE, rows=()) for n in range(3))
    text = plan_table(a_plan(steps=steps, guards=(TRIPPED, QUIET), notices=("the token may not read records",)))
    for words in (
        "Rows of the sheet\n  created                   1\n  updated                   1\n",
        "Orders without a row\n  kept                      1",
        "Requests to send\n  create                    2\n  remove                    1",
        "  max-remove      TRIPPED  the plan removes 412 of 500 orders, over 10% (lift it with --max-remove 412)",
        "  max-create      ok       3, no limit",
        "  row 3      parameters.company           Acme Corp → Acme",
        "  row 3      price                        (blank) → 10.5",
        "  - the token may not read records",
    ):
        assert words in text, text


def test_the_plan_table_shows_changes_of_known_contacts_before_those_of_new_ones() -> None:
    rows = [line.split()[1] for line in plan_table(a_plan()).splitlines() if line.startswith("  row ")]
    assert rows == ["3", "3", "2"]


def test_the_plan_table_counts_the_changes_that_it_does_not_show() -> None:
    changes = [{"row": 3, "field": f"parameters.f{n}", "old": "a", "new": "b"} for n in range(332)]
    assert plan_table(a_plan(changes=changes)).endswith("and 312 more in the report")


def test_the_plan_table_says_when_the_listing_is_not_proved_complete() -> None:
    assert "NOT PROVED COMPLETE" in plan_table(a_plan(complete=False))


def test_the_plan_table_survives_hostile_values() -> None:
    text = plan_table(a_plan(changes=[{"row": 3, "field": HOSTILE, "old": HOSTILE, "new": HOSTILE}], notices=(HOSTILE,)))
    assert not set(text) & set("\x1b\r\u202e")
    assert max(columns(line) for line in text.splitlines()) <= 100


def test_clean_is_at_hand_without_polars() -> None:
    code = (
        "import sys; from callcamp_sync.report import clean; clean('x'); print('polars' in sys.modules, 'orjson' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == [
        "False",
        "False",
    ]


def test_a_warning_of_the_sheet_that_is_a_notice_too_is_told_once() -> None:
    """Planning takes the sheet's warnings into its notices; a report that was read otherwise may have them on one side only."""
    words = "hidden rows that were skipped: 3"
    source = a_source(1, warnings=(words,))
    report = a_quiet_report("created", source=source, notices=(words,))
    plan = a_plan(source=source, notices=(words,))
    summary_words = tabs(report)[0].frame["words"].to_list()
    texts = (summary(report), markdown(report), plan_table(plan), "".join(page(report)))
    assert [text.count(words) for text in texts] == [1, 1, 1, 1]
    assert summary_words.count(words) == 1
    assert summary(a_quiet_report("created", source=source)).count(words) == 1
