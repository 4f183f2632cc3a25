"""report.html and report.md: everything said, nothing of strangers alive, nothing loaded, cut where it would be endless."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_cases import CAMPAIGN, HOSTILE, a_quiet_report, a_report, a_source, outcomes

from callcamp_sync import frames
from callcamp_sync.errors import ExitCode
from callcamp_sync.model import CHANGE_SCHEMA, ISSUE_SCHEMA, LINE_SCHEMA, Guard, OrderOutcome, Report, RowOutcome
from callcamp_sync.report import markdown, write_report
from callcamp_sync.report.figures import bar, columns, share
from callcamp_sync.report.legible import CELL, legible
from callcamp_sync.report.markdown_form import span
from callcamp_sync.report.page import LINES, page, policy, tables
from callcamp_sync.report.timeline import SLOTS, Timeline, timeline
from callcamp_sync.report.tones import COLOURS, MEANINGS

#: Elements that have no end tag.
VOID = frozenset({"meta", "link", "img", "br", "hr", "input", "base", "source", "embed"})

HOSTILE_TEXTS = (
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "[brackets](javascript:alert(1))",
    "[red]x[/red]",
    "<!-- -->",
    "]]>",
    "&lt;b&gt;",
    "🙂",
    "\u202eesrever",
    "\u05d0\u200f",
    "=1+1",
    "x" * 3_000,
    HOSTILE,
)


@dataclass
class Seen:
    """What a browser would make of a page."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str, str | None]] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    unclosed: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """The page's text without style and script."""
        return "\n".join(text for tag, texts in self.texts.items() if tag not in {"style", "script"} for text in texts)


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = Seen()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.tags.append(tag)
        self.seen.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.seen.unclosed.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.seen.unclosed.pop() == tag

    def handle_data(self, data: str) -> None:
        inside = self.seen.unclosed[-1] if self.seen.unclosed else ""
        self.seen.texts.setdefault(inside, []).append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")


def parsed(report: Report, line: Timeline | None = None) -> Seen:
    reader = Reader()
    reader.feed("".join(page(report, line)))
    reader.close()
    return reader.seen


def hostile(text: str) -> Report:
    """A report that says `text` wherever a stranger can put words."""
    return a_report(
        [
            {"row": 2, "outcome": "failed", "phone": text, "order_uuid": text, "record_uuid": text, "message": text},
            {"row": 3, "outcome": "rejected", "codes": [text]},
        ],
        [{"row": 2, "field": text, "old": text, "new": text}],
        [
            {"row": 3, "code": "value-required", "heading": text, "cell": text, "detail": text},
            {"row": 3, "code": f"no code: {text}"},
        ],
        [{"order_uuid": text, "record_uuid": text, "phone": text, "status": text, "outcome": "kept", "message": text}],
        campaign=replace(CAMPAIGN, name=text),
        source=a_source(2, path=text, sheet=text, warnings=(text,)),
        settings={"mapping": text},
        notices=(text,),
        mismatches=(text,),
        guards=(Guard(name="max-remove", limit=1, actual=2, tripped=True, flag="--max-remove", message=text),),
    )


def trail(*moments: tuple[float, str, str], attempts: int = 1) -> list[bytes]:
    """Lines as the audit trail has them: (seconds after the start, kind, fate)."""
    start = datetime(2026, 5, 10, 14, 30, tzinfo=UTC)
    head = [{"at": start.isoformat(), "head": {}}]
    rest = [
        {"at": (start + timedelta(seconds=at)).isoformat(), "kind": kind, "fate": fate, "attempts": attempts}
        for at, kind, fate in moments
    ]
    return [json.dumps(entry).encode() + b"\n" for entry in head + rest]


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: ascii(text[:24]))
def test_text_of_strangers_adds_no_element_and_no_attribute(text: str) -> None:
    """Held against the same page with a harmless word in its place."""
    seen, calm = parsed(hostile(text)), parsed(hostile("calm"))
    # What stands between backticks becomes code, and a long message may lose one of the two.
    assert [tag for tag in seen.tags if tag != "code"] == [tag for tag in calm.tags if tag != "code"]
    assert [(tag, name) for tag, name, _ in seen.attributes] == [(tag, name) for tag, name, _ in calm.attributes]
    assert seen.unclosed == []
    shown = legible(text)[:60].replace("\r\n", "\n")
    assert seen.words.replace("\r\n", "\n").count(shown) >= 12


@settings(deadline=None, max_examples=40)
@given(st.text())
def test_any_text_leaves_the_page_as_it_is(text: str) -> None:
    seen, calm = parsed(hostile(text)), parsed(hostile("calm"))
    assert [tag for tag in seen.tags if tag != "code"] == [tag for tag in calm.tags if tag != "code"] or not text.strip()


def test_nothing_is_loaded_and_no_link_leads_out() -> None:
    seen = parsed(hostile("https://example.com/?a=1"), timeline(trail((0, "create", "done"))))
    assert set(seen.tags) & {"link", "img", "iframe", "object", "embed", "base", "form", "audio", "video", "source"} == set()
    assert [value for _, name, value in seen.attributes if name in {"src", "srcset", "action", "data", "ping", "poster"}] == []
    assert {value[0] for _, name, value in seen.attributes if name == "href" and value} == {"#"}
    assert [name for _, name, _ in seen.attributes if name == "style" or name.startswith("on")] == []


def test_links_and_labels_inside_the_page_lead_somewhere() -> None:
    seen = parsed(a_report(guards=(Guard(name="g", limit=1, actual=1, tripped=False, flag=None),)))
    ids = [value for _, name, value in seen.attributes if name == "id"]
    named = {value for _, name, value in seen.attributes if name == "aria-labelledby"}
    linked = {value[1:] for _, name, value in seen.attributes if name == "href" and value}
    assert len(ids) == len(set(ids))
    assert (named | linked) - set(ids) == set()


def test_the_policy_allows_the_page_s_own_style_and_script_and_nothing_else() -> None:
    seen = parsed(a_report())
    contents = {name: value for tag, name, value in seen.attributes if tag == "meta" and value and "default-src" in value}
    rules = dict(rule.strip().split(" ", 1) for rule in str(contents["content"]).split(";"))
    (style,), (script,) = seen.texts["style"], seen.texts["script"]
    digests = [f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in (style, script)]
    assert rules == {
        "default-src": "'none'",
        "style-src": digests[0],
        "script-src": digests[1],
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    assert policy(style, script) == contents["content"]


def test_the_page_tells_changes_problems_orders_guards_and_what_to_do() -> None:
    guard = Guard(name="max-remove", limit=50, actual=412, tripped=True, flag="--max-remove", message="412 of 500")
    told = parsed(a_report(guards=(guard,), notices=("a notice",), mismatches=("order_3 differs",))).words
    for words in (
        "Not finished, operations failed or are unknown",
        "correct 1 row, then check",
        "phone-letters",
        "Acme Corp",
        "call me",
        "order_9",
        "412 of 500",
        "a notice",
        "order_3 differs",
        "tripped",
        "=1+1 is not allowed here",
    ):
        assert words in told


def test_every_outcome_has_a_colour_and_a_meaning() -> None:
    names = {str(name) for name in (*RowOutcome, *OrderOutcome)}
    assert (names - set(COLOURS), names - set(MEANINGS)) == (set(), set())


def many(count: int) -> Report:
    """A report with `count` new contacts, and one that was there already at the end."""
    rows = pl.Series("row", range(2, count + 3), dtype=pl.UInt32).to_frame()
    last = pl.col("row") == count + 2
    number = pl.col("row").cast(pl.String)
    outcome = pl.when(last).then(pl.lit("updated")).otherwise(pl.lit("created"))
    name = pl.when(last).then(pl.lit("price")).otherwise(pl.lit("phoneNumber"))
    return replace(
        a_report((), (), (), ()),
        lines=frames.fit(rows.with_columns(outcome=outcome), LINE_SCHEMA),
        changes=frames.fit(rows.with_columns(field=name, new=number), CHANGE_SCHEMA),
        issues=frames.fit(rows.with_columns(code=pl.lit("cell-error"), cell=number), ISSUE_SCHEMA),
        counts={"created": count, "updated": 1},
        source=a_source(count + 1),
    )


def test_a_long_table_is_cut_says_so_and_shows_known_contacts_first() -> None:
    report = many(LINES + 10)
    changes = tables(report)[0]
    assert (changes.frame.height, changes.total) == (LINES, LINES + 11)
    assert changes.frame.row(0) == (LINES + 12, None, "price", None, str(LINES + 12), "updated")
    assert changes.frame["row"].to_list()[1:] == list(range(2, LINES + 1))
    assert [table.frame.height for table in tables(report)] == [LINES, LINES, LINES, 0]
    told = parsed(report).words
    assert "The first 5,000 of 5,011: see report.xlsx, tab Problems, for all." in told
    assert "The first 5,000 of 5,011: see report.xlsx, tab Changes, for all." in told
    assert "The first 5,000 of 5,011: see report.xlsx, tab Rows, for all." in told


def test_a_table_that_is_whole_does_not_say_that_it_is_cut() -> None:
    assert "The first" not in parsed(a_report()).words


def test_a_long_cell_is_cut_and_says_how_long_it_was() -> None:
    report = a_report([{"row": 2, "outcome": "failed", "message": "y" * (CELL + 1)}], (), (), ())
    assert "y" * CELL + "… [401 characters, cut here]" in parsed(report).words
    assert "y" * (CELL + 1) not in parsed(report).words


def test_a_run_without_rows_and_campaign_is_a_page_too() -> None:
    seen = parsed(a_report((), (), (), (), campaign=None, folder=None))
    assert "The sheet has no rows." in seen.words
    assert "table" not in seen.tags


def test_the_page_of_a_hundred_times_more_rows_is_not_larger() -> None:
    """What a million rows cost shows only in counts."""
    small, large = (len("".join(page(many(count)))) for count in (LINES, LINES * 40))
    assert large < small * 1.02


@pytest.mark.parametrize(
    ("counts", "widths"),
    [
        pytest.param({}, [], id="none"),
        pytest.param({"created": 1, "updated": 3}, [25, 75], id="by count"),
        pytest.param({"created": 1, "unchanged": 999_999}, [0.596, 99.404], id="one of a million is seen"),
    ],
)
def test_the_bar(counts: dict[str, int], widths: list[float]) -> None:
    pieces = bar(counts)
    assert [piece.width for piece in pieces] == pytest.approx(widths, abs=0.01)
    assert [piece.x for piece in pieces] == pytest.approx([sum(widths[:nth]) for nth in range(len(widths))], abs=0.01)


@pytest.mark.parametrize(
    ("count", "whole", "words"),
    [
        (0, 0, "0 %"),
        (0, 5, "0 %"),
        (1, 8, "12.5 %"),
        (5, 5, "100 %"),
        (1, 100_000, "under 0.1 %"),
        (99_999, 100_000, "over 99.9 %"),
    ],
)
def test_share(count: int, whole: int, words: str) -> None:
    assert share(count, whole) == words


def test_the_timeline_counts_by_kind_and_time() -> None:
    made = timeline(trail((0, "create", "done"), (0.001, "create", "refused"), (0.03, "update-order", "done")))
    assert made is not None
    assert made.kinds == {"create": {"done": 1, "refused": 1}, "update-order": {"done": 1}}
    assert (made.slot_ms, made.slots) == (10, ({"done": 1, "refused": 1}, {}, {}, {"done": 1}))
    assert [(piece.x, piece.height, piece.y) for piece in columns(made)] == [(0, 50, 50), (0, 50, 0), (75, 50, 50)]


def test_a_long_trail_makes_no_more_slots_and_loses_nothing() -> None:
    made = timeline(trail(*((second, "create", "done") for second in range(5_000))))
    assert made is not None
    assert SLOTS // 2 < len(made.slots) <= SLOTS
    assert sum(slot["done"] for slot in made.slots) == 5_000
    assert made.ended - made.began == timedelta(seconds=4_999)


def test_what_was_not_sent_is_counted_and_not_drawn() -> None:
    made = timeline(trail((1, "remove", "not-attempted"), attempts=0))
    assert made is not None
    assert (made.kinds, made.slots) == ({"remove": {"not-attempted": 1}}, ())
    assert "1 not-attempted" in parsed(a_report(), made).words


@pytest.mark.parametrize("lines", [[], [b'{"at": "2026-05-10T14:30:00Z", "head": {}}\n']], ids=["none", "a head only"])
def test_a_trail_without_operations_is_no_timeline(lines: list[bytes]) -> None:
    assert timeline(lines) is None


def test_lines_that_cannot_be_read_are_counted() -> None:
    made = timeline(
        [*trail((0, "create", "done")), b"\xff", b"{", b"7", b'{"fate": "done"}', b'{"fate": "done", "at": "x", "kind": 1}']
    )
    assert made is not None
    assert made.unreadable == 5
    assert "5 lines of audit.jsonl could not be read" in parsed(a_report(), made).words


def test_the_page_in_the_folder_has_the_timeline_of_the_folder_s_trail(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").write_bytes(b"".join(trail((0, "cancel", "done"))))
    write_report(a_report(), tmp_path)
    assert re.search(r'<th scope="row">cancel</th>', (tmp_path / "report.html").read_text("utf-8"))


def test_a_page_that_cannot_be_written_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    warnings = write_report(a_report(), tmp_path)
    assert len(warnings) == 1
    assert "report.html" in warnings[0]
    assert {"report.json", "rows.csv", "report.xlsx", "report.md"} <= {path.name for path in tmp_path.iterdir()}


def test_markdown_tells_counts_guards_problems_and_commands() -> None:
    guard = Guard(name="max-remove", limit=50, actual=3, tripped=False, flag="--max-remove")
    told = markdown(a_report(guards=(guard,)))
    assert told.startswith("## ❌ Not finished, operations failed or are unknown\n")
    for line in (
        "| created | 1 | 16.7 % | new in the campaign |",
        "| kept | 1 | 100 % | left as they are |",
        "| max-remove | ok | `3, at most 50` | `--max-remove` |",
        "| `phone-letters` | 1 | row 6, `Mobile` | `write the number in digits` |",
        "| 7 | failed | `=1+1 is not allowed here` |",
        "callcamp-sync validate 'leads.xlsx#Leads' -c campaign_12345",
    ):
        assert line in told.splitlines()


def test_markdown_shows_no_cell_and_no_phone() -> None:
    told = markdown(a_report())
    assert [word for word in ("+1201555", "+447700", "call me", "Acme", "ann at") if word in told] == []


@pytest.mark.parametrize(
    ("code", "sign"), [(ExitCode.OK, "✅"), (ExitCode.ROWS, "⚠️"), (ExitCode.GUARD, "⚠️"), (ExitCode.ACCESS, "❌")]
)
def test_markdown_begins_with_a_sign(code: ExitCode, sign: str) -> None:
    assert markdown(a_quiet_report("unchanged", code=code)).startswith(f"## {sign} ")


@given(st.text())
def test_a_span_is_one_line_and_its_fence_stands_nowhere_inside(text: str) -> None:
    made = span(text)
    assert len(made.splitlines()) == 1
    assert "|" not in made
    fence = (re.match("`+", made) or [""])[0]
    assert made == "–" or (made.endswith(fence) and fence not in re.findall("`+", made.removeprefix(fence).removesuffix(fence)))


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: ascii(text[:24]))
def test_markdown_holds_text_of_strangers_in_spans_only(text: str) -> None:
    """Without its code spans and blocks, the text is the same whatever strangers say."""
    assert bare(markdown(hostile(text))) == bare(markdown(hostile("calm")))


def bare(text: str) -> str:
    without_blocks = re.sub(r"^```sh\n.*\n```$", "", text, flags=re.MULTILINE)
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", without_blocks)


def test_markdown_of_many_refusals_is_short() -> None:
    report = a_report(outcomes(*["failed"] * 1_000), (), (), ())
    assert len(markdown(report).splitlines()) < 60
    assert "and 990 more: see report.xlsx, tab Problems" in markdown(report)
