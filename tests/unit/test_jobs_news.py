"""What of a night is told: on a change of state, always, or on failure; one letter a place; nothing personal in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jobs_cases import a_night, result

from callcamp_sync.errors import ExitCode
from callcamp_sync.jobs.news import Item, letters, masked, pings, wanted
from callcamp_sync.model import Guard
from callcamp_sync.settings import Settings

HOOK = "https://chat.example.com/hook"


def settings(**more: Any) -> Settings:
    return Settings.model_validate({"webhook": HOOK, **more})


def guarded(name: str = "no-file") -> Any:
    guard = Guard(name=name, limit=0, actual=1, tripped=True, flag=f"--max-{name}")
    return result(ExitCode.GUARD, guards=(guard,), code="guard", message="no file matches `in.csv`")


STATES = [
    pytest.param(result(), None, False, True, False, id="a first night that goes well"),
    pytest.param(result(ExitCode.ACCESS, code="access"), None, True, True, True, id="a first night that does not"),
    pytest.param(result(), "ok", False, True, False, id="well again"),
    pytest.param(guarded(), "ok", True, True, True, id="it breaks"),
    pytest.param(guarded(), "guard: no-file", False, True, True, id="it is broken in the same way"),
    pytest.param(guarded("rows-changed"), "guard: no-file", True, True, True, id="it breaks otherwise"),
    pytest.param(result(), "guard: no-file", True, True, False, id="it is well again"),
    pytest.param(result(ExitCode.ROWS), "ok", True, True, False, id="rows are rejected now"),
    pytest.param(result(ExitCode.ROWS), "rows-rejected-or-held", False, True, False, id="and tomorrow, too"),
]


@pytest.mark.parametrize(("ended", "before", "change", "always", "failure"), STATES)
def test_what_is_worth_telling(ended: Any, before: str | None, change: bool, always: bool, failure: bool) -> None:
    item = Item(ended, before)
    assert [wanted(item, when) for when in ("change", "always", "failure")] == [change, always, failure]


def test_one_letter_for_each_place_with_the_jobs_that_it_is_for() -> None:
    items = [
        (Item(result(name="a"), "ok"), settings()),
        (Item(result(ExitCode.ACCESS, "b", code="access"), "ok"), settings()),
        (Item(result(ExitCode.ACCESS, "c", code="access"), "ok"), settings(notify_command="/usr/bin/true")),
        (Item(result(name="d"), "ok"), settings(notify="always", notify_urls="json://a.example.com")),
    ]
    found = letters(a_night(*(item.result for item, _ in items)), items)
    told = {letter.kind: [job["job"] for job in letter.document["jobs"]] for letter in found}
    assert told == {"webhook": ["b", "c", "d"], "command": ["c"], "addresses": ["d"]}
    assert "2 jobs failed" in found[0].title


def test_a_quiet_night_writes_no_letter() -> None:
    assert letters(a_night(result()), [(Item(result(), "ok"), settings())]) == []


def test_a_letter_says_what_was_what_is_and_what_to_do() -> None:
    item = Item(guarded(), "ok")
    document = letters(a_night(item.result), [(item, settings())])[0].document
    job = document["jobs"][0]
    assert (job["state"], job["before"], job["exit"]) == ("guard: no-file", "ok", {"code": 8, "name": "guard"})
    assert job["guards"] == [{"name": "no-file", "limit": 0, "actual": 1, "flag": "--max-no-file"}]
    assert "spring: guard: no-file (before: ok)" in document["text"]


def test_what_is_personal_is_masked_everywhere() -> None:
    words = "row 3 of contact.7@example.com with +12015550123 and +44 20 7946 0123\nwas refused"
    ended = result(ExitCode.INCOMPLETE, message=words, hint=words, campaign_name="For +12015550123")
    letter = letters(a_night(ended), [(Item(ended, "ok"), settings())])[0]
    text = json.dumps(letter.document, ensure_ascii=False) + letter.text + letter.title
    for personal in ("2015550123", "7946", "contact.7@example.com"):
        assert personal not in text
    assert "•••" in text
    assert "\n" not in (masked(words) or "")


def test_the_place_of_a_letter_is_never_shown() -> None:
    item = Item(result(ExitCode.ACCESS, code="access"), "ok")
    letter = letters(a_night(item.result), [(item, settings())])[0]
    assert HOOK not in repr(letter)
    assert HOOK not in json.dumps(letter.document)


def test_a_switch_is_told_once_and_of_all_its_jobs() -> None:
    told = pings(
        [
            (True, settings(ping="https://ping.example.com/a")),
            (False, settings(ping="https://ping.example.com/a")),
            (True, settings(ping="https://ping.example.com/b")),
            (True, settings()),
        ]
    )
    assert told == {"https://ping.example.com/a": False, "https://ping.example.com/b": True}
