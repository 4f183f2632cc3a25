"""The report over all jobs of a night: what it says, that nothing in it is markup, that the same night is the same bytes."""

from __future__ import annotations

import json
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

from jobs_cases import NOW, a_night, result

from callcamp_sync.errors import ExitCode
from callcamp_sync.night import Trend
from callcamp_sync.report import night_document, night_headline, night_markdown, night_summary, write_night
from callcamp_sync.report.nights import night_page, trend_columns

HOSTILE = "<script>alert(1)</script> | `x` \u202e [a](http://evil.example.com)\n# head"


def trend(*rows: int) -> tuple[Trend, ...]:
    return tuple(
        Trend(
            at=NOW - timedelta(days=nth), exit_code=8 if not count else 0, rows=count, changed=1, wrong=0, seconds=2.0, requests=9
        )
        for nth, count in enumerate(rows)
    )


class Tags(HTMLParser):
    """Every tag of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(tag)
        self.ids |= {value for name, value in attrs if name == "id" and value}
        self.links += [value for name, value in attrs if name == "href" and value]


def test_the_headline_counts_what_went_well() -> None:
    good, bad = result(), result(ExitCode.GUARD, "b")
    assert night_headline(a_night(good)) == "The job did its work"
    assert night_headline(a_night(good, result(name="b"))) == "All 2 jobs did their work"
    assert night_headline(a_night(good, bad)) == "1 of 2 jobs did their work"
    assert night_headline(a_night(good, dry_run=True)).startswith("Planned, nothing was sent")


def test_the_document_has_every_job_and_its_trend() -> None:
    night = a_night(result(counts={"created": 2}, rows=2, waiting=1), trends={"spring": trend(2, 3)})
    document = night_document(night)
    assert (document["schema"], document["jobs"][0]["waiting"]) == ("callcamp-sync/night/1", 1)
    assert [one["rows"] for one in document["jobs"][0]["trend"]] == [2, 3]
    assert json.loads(json.dumps(document)) == document


def test_what_is_hostile_is_text() -> None:
    hostile = result(ExitCode.REFUSED, message=HOSTILE, hint=HOSTILE, campaign_name=HOSTILE, notices=(HOSTILE,))
    night = a_night(hostile, notices=(HOSTILE,), trends={"spring": trend(3)})
    page = night_page(night)
    assert "script" not in Tags(page).found
    assert "\u202e" not in page
    assert "default-src 'none'" in unescape(page)
    assert "script-src 'none'" in unescape(page)
    text = night_markdown(night)
    assert "\n# head" not in text
    assert all("\u202e" not in line and "\x1b" not in line for line in night_summary(night).splitlines())


def test_a_job_that_has_something_to_say_leads_to_it_and_each_job_to_its_report() -> None:
    broken = result(ExitCode.USAGE, name="broken", message="`in.csv` is a picture, not a sheet")
    told = result(name="told", notices=("a worker was lost",), folder="reports/2026-told")
    page = Tags(night_page(a_night(result(name="quiet", folder="reports/2026-quiet"), broken, told)))
    inside = [link for link in page.links if link.startswith("#job-")]
    assert inside == ["#job-2", "#job-3"]
    assert {link.removeprefix("#") for link in inside} <= page.ids
    assert [link for link in page.links if link.startswith("../")] == ["../2026-quiet/report.html", "../2026-told/report.html"]


def test_trends_are_drawn_oldest_first_and_a_night_without_a_file_is_seen() -> None:
    pieces = trend_columns(trend(100, 0, 50))
    assert [piece.colour for piece in pieces] == ["green", "yellow", "green"]
    assert [piece.height for piece in pieces] == [50.0, 6.25, 100.0]
    assert trend_columns(()) == ()


def test_the_same_night_is_the_same_bytes(tmp_path: Path) -> None:
    night = a_night(result(), trends={"spring": trend(1, 2)})
    texts = []
    for nth in range(2):
        folder = tmp_path / str(nth)
        folder.mkdir()
        write_night(night, folder)
        texts.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert texts[0] == texts[1]
    assert set(texts[0]) == {"night.json", "night.html", "night.md"}


def test_the_text_names_what_stopped_a_job_and_what_to_do() -> None:
    text = night_summary(a_night(result(ExitCode.GUARD, message="no file", hint="look", code="guard"), folder="reports/x"))
    assert text.splitlines()[1:] == ["spring    8 guard", "            no file", "            hint: look", "Report: reports/x"]
