"""What a plan would take: counted from its steps, foretold from a pace, and told beside what it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from report_cases import a_plan, a_quiet_report

from callcamp_sync import plan_document
from callcamp_sync.forecast import calls_caused, forecast, requests
from callcamp_sync.model import Fate, Forecast, Outcome, Pace, Step, StepKind, Took
from callcamp_sync.report.forecasts import expected, forecast_document, outturn

QUICK = Pace(per_second=10.0, measured=True)


def step(kind: StepKind, row: int = 2, **more: Any) -> Step:
    known: dict[str, Any] = {"id": f"{kind}-{row}", "rows": (row,), "phone": "+12025550141"}
    if kind not in (StepKind.CREATE, StepKind.RELEASE, StepKind.ASSOCIATE):
        known["order_uuid"] = f"o{row}"
    return Step(kind=kind, **(known | more))


RELEASE = step(StepKind.RELEASE, body={"status": "planned"})


@pytest.mark.parametrize(
    ("steps", "expected_requests"),
    [
        pytest.param([], 0, id="a plan without steps sends nothing"),
        pytest.param([step(StepKind.UPDATE_ORDER, body={"price": 1})], 1 + 1, id="a property: one request, one number read back"),
        pytest.param([step(StepKind.UPDATE_ORDER, body={"status": "planned"})], 2 + 1, id="a status is looked at once more"),
        pytest.param(
            [step(StepKind.UPDATE_ORDER, body={"status": "planned"}, phone="+525512345678")],
            3 + 1,
            id="twice where one person may have two numbers",
        ),
        pytest.param([step(StepKind.UPDATE_ORDER, body={"status": "Do Not Call"})], 1 + 1, id="Do Not Call never waits"),
        pytest.param([step(StepKind.UPDATE_RECORD)], 2 + 1, id="a contact is looked at once more"),
        pytest.param([step(StepKind.UPDATE_RECORD, body={"phoneNumber": "+1"})], 2 + 3, id="another number: all is read back"),
        pytest.param([step(StepKind.RELEASE, body={"status": "registered"})], 3 + 1, id="a release that has nothing to say"),
        pytest.param([step(StepKind.REMOVE)], 2 + 3, id="what is removed is looked at once more, and all is read back"),
        pytest.param([step(StepKind.CREATE)], 1 + 1, id="a create"),
        pytest.param(
            [step(StepKind.CREATE), RELEASE], 2 + 4 + 1, id="a release lists the campaign, by now four pages, once more"
        ),
        pytest.param(
            [step(StepKind.ASSOCIATE, records=((2, "r", "+12025550141"),))], 1 + 2 * 4 + 1, id="a link, and how it starts"
        ),
        pytest.param(
            [step(StepKind.ASSOCIATE, row, records=((row, f"r{row}", f"+1202555014{row}"),)) for row in (2, 3)],
            2 + 3 * 4 + 2,
            id="a link and its followers",
        ),
        pytest.param(
            [step(StepKind.CREATE, row, phone=f"+1202555014{row}") for row in (2, 3, 4)],
            3 + 4,
            id="three numbers are no few here",
        ),
    ],
)
def test_requests_are_counted_from_the_steps(steps: list[Step], expected_requests: int) -> None:
    plan = a_plan(changes=(), steps=tuple(steps))
    assert requests(plan, None) == expected_requests


def test_contacts_are_read_back_where_one_of_their_fields_changes() -> None:
    steps = (step(StepKind.UPDATE_RECORD),)
    with_price = a_plan(changes=[{"row": 2, "field": "price"}], steps=steps)
    with_company = a_plan(changes=[{"row": 2, "field": "parameters.company"}], steps=steps)
    with_email = a_plan(changes=[{"row": 2, "field": "email"}], steps=steps)
    assert [requests(plan, None) for plan in (with_price, with_company, with_email)] == [3, 5, 5]


def test_releases_that_come_late_are_looked_at_one_by_one() -> None:
    plan = a_plan(changes=(), steps=tuple(replace(RELEASE, id=f"r{n}", rows=(n,)) for n in range(2, 102)))
    assert requests(plan, QUICK) == requests(plan, None) + 50
    two = replace(plan, steps=tuple(replace(one, phone="+525512345678") for one in plan.steps))
    assert requests(two, QUICK) == requests(two, None) + 2 * 50


@pytest.mark.parametrize(
    ("given", "calls"),
    [
        pytest.param(RELEASE, 1, id="a release"),
        pytest.param(step(StepKind.CREATE, body={"status": "scheduled"}), 1, id="a create that is called at once"),
        pytest.param(step(StepKind.CREATE, body={"status": "registered"}), 0, id="a create that waits"),
        pytest.param(step(StepKind.UPDATE_ORDER, body={"status": "planned"}, expect={"status": "Registered"}), 1, id="planned"),
        pytest.param(
            step(StepKind.UPDATE_ORDER, body={"status": "scheduled"}, expect={"status": "PLANNED"}), 0, id="was planned"
        ),
        pytest.param(step(StepKind.UPDATE_ORDER, body={"price": 1}, expect={"status": "Planned"}), 0, id="only a price"),
        pytest.param(step(StepKind.RELEASE, body={"price": 1}), 0, id="a release of a property"),
        pytest.param(step(StepKind.CANCEL, body={"status": "canceled"}), 0, id="a cancel"),
    ],
)
def test_calls_are_those_who_come_to_stand_in_line(given: Step, calls: int) -> None:
    plan = a_plan(steps=(given,))
    assert forecast(plan, None).calls == calls
    ended = [Outcome(step=given.id, kind=given.kind, fate=Fate.DONE, row=2)]
    assert calls_caused(plan, ended) == calls
    assert calls_caused(plan, [replace(ended[0], fate=Fate.DRIFTED)]) == 0


def test_time_is_requests_at_the_pace_and_unknown_without_one() -> None:
    assert Forecast(requests=50, calls=0, pace=QUICK).seconds == 5.0
    assert Forecast(requests=50, calls=0).seconds is None


def test_a_saved_plan_keeps_its_forecast() -> None:
    for pace in (QUICK, None):
        plan = a_plan(forecast=Forecast(requests=50, calls=3, pace=pace))
        assert plan_document.load(plan_document.document(plan)).forecast == plan.forecast


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param(Forecast(requests=0, calls=0), "nothing to send, no call", id="nothing"),
        pytest.param(
            Forecast(requests=50, calls=0),
            "about 50 requests, how long is not measured yet; nobody would be called",
            id="not measured yet",
        ),
        pytest.param(
            Forecast(requests=1200, calls=1, pace=QUICK),
            "about 1,200 requests in 2.0 minutes (at 10 a second, measured in an earlier run); 1 contact would be called",
            id="measured",
        ),
        pytest.param(
            Forecast(requests=50, calls=2, pace=Pace(per_second=0.5, measured=False)),
            "about 50 requests in 1.7 minutes (at 0.5 a second, the limit that is set; not measured yet); "
            "2 contacts would be called",
            id="only a limit",
        ),
    ],
)
def test_a_forecast_in_words(given: Forecast, words: str) -> None:
    assert expected(given) == words


@pytest.mark.parametrize(
    ("given", "took", "words"),
    [
        pytest.param(
            Forecast(requests=100, calls=10, pace=QUICK),
            Took(requests=110, seconds=20.0, calls=9),
            "110 instead of 100 (+10 %) requests in 20 seconds instead of 10 seconds (+100 %); 9 instead of 10 calls",
            id="off in everything",
        ),
        pytest.param(
            Forecast(requests=100, calls=0, pace=Pace(per_second=1000, measured=True)),
            Took(requests=100, seconds=0.4, calls=0),
            "100 requests in 0.4 seconds instead of 0.1 seconds; 0 calls",
            id="so short that its share says nothing",
        ),
        pytest.param(
            Forecast(requests=100, calls=0),
            Took(requests=100, seconds=0.44, calls=0),
            "100 requests in 0.4 seconds (no time was foretold); 0 calls",
            id="as foretold, and the first of its kind",
        ),
        pytest.param(
            Forecast(requests=4, calls=0), Took(requests=5, seconds=0, calls=0), "5 instead of 4 requests", id="few, no percent"
        ),
        pytest.param(Forecast(requests=0, calls=0), Took(requests=0, seconds=0, calls=0), "nothing to send", id="nothing"),
        pytest.param(Forecast(requests=4, calls=0), None, "about 4 requests", id="a dry run has only the forecast"),
        pytest.param(None, None, "", id="no forecast, no words"),
    ],
)
def test_how_far_off_it_was_in_words(given: Forecast | None, took: Took | None, words: str) -> None:
    said = outturn(a_quiet_report("created", forecast=given, took=took))
    assert said.startswith(words)
    assert bool(said) == bool(words)


def test_the_document_has_both_sides() -> None:
    report = a_quiet_report(
        "created", forecast=Forecast(requests=100, calls=1, pace=QUICK), took=Took(requests=110, seconds=20.0, calls=0)
    )
    assert forecast_document(report) == {
        "requests": 100,
        "seconds": 10.0,
        "per_second": 10.0,
        "measured": True,
        "calls": 1,
        "actual": {"requests": 110, "seconds": 20.0, "calls": 0},
    }
