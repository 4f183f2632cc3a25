"""Clients with one thing wrong, each made from the real one by the smallest change: the simulator has to catch every one.

In:  the name of a mistake. Out: a context in which callcamp_sync makes it; afterwards it is whole again.
Each mistake is one that a careful person makes, and its docstring says which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import httpx

from callcamp_sync import drift, ledger, lock, pipeline, reconcile, sending, settling, snapshot
from callcamp_sync.api import exchange, paging, reader, retry, transport
from callcamp_sync.api.retry import Verdict
from callcamp_sync.execution import Run
from callcamp_sync.model import Fate, Outcome, Step
from callcamp_sync.sending import Sender
from callcamp_sync.steps import LEAVING

from .invariants import Finding, judge
from .play import play
from .profiles import PROFILES
from .seams import Swap, swapped

Mistake = Callable[[], Sequence[Swap]]


def blanket_retry() -> Sequence[Swap]:
    """Whatever got no usable answer is sent again, creates as well."""
    own = retry.judge

    def judged(*args: Any, **named: Any) -> Verdict:
        verdict = own(*args, **named)
        return Verdict.RETRY if verdict is Verdict.UNKNOWN else verdict

    return [(exchange, "judge", judged)]


def posts_again_after_one_look() -> Sequence[Swap]:
    """A create that one look does not find is sent again at once."""
    own = Run._settle

    async def settle(self: Run, creates: Sequence[Step]) -> None:
        await own(self, creates)
        steps = {step.id: step for step in creates}
        for outcome in [one for one in self.tally.outcomes if one.step in steps and one.fate is Fate.UNKNOWN]:
            self.tally.replace(outcome, await self.tally.sender.send(steps[outcome.step]))

    return [(Run, "_settle", settle)]


def no_grace() -> Sequence[Swap]:
    """What a listing does not show was not done: no grace period."""
    own = settling.settlements

    def settled(*args: Any, **named: Any) -> Any:
        return own(*args, **{**named, "grace_seconds": 0.0})

    return [(settling, "unsettled", lambda *_: frozenset()), (settling, "settlements", settled)]


def no_lock() -> Sequence[Swap]:
    """Nothing keeps two runs apart."""
    return [(lock, "hold", lambda *_, **__: nullcontext())]


def believes_partial_lists() -> Sequence[Swap]:
    """Whatever was read counts as all that there is."""
    own = paging.combine
    return [(reader, "combine", lambda *args: replace(own(*args), complete=True))]


def removes_first() -> Sequence[Swap]:
    """Who has to go goes first, whatever becomes of the rest."""
    own = Run.carry_out

    async def carry_out(self: Run) -> list[Outcome]:
        leaving = [step for step in self.plan.steps if step.kind in LEAVING]
        self.plan = replace(self.plan, steps=tuple(step for step in self.plan.steps if step not in leaving))
        await self.tally.each(leaving, self._send)
        return await own(self)

    return [(Run, "carry_out", carry_out)]


def patches_status_again() -> Sequence[Swap]:
    """A PATCH without an answer is sent once more as it was, status and all: it names its order, so what can go wrong."""

    async def again(self: Sender, step: Step, body: Any, first: Outcome) -> Outcome:
        return sending._outcome(step, await self._request(step, body, self._intent(step, 1)), again=True)

    return [(Sender, "_second_look", again)]


def never_by_order() -> Sequence[Swap]:
    """Do Not Call belongs to an order: no ledger, no look at who else has the number."""
    return [(ledger.Ledger, "phones", lambda _: frozenset()), (snapshot, "forbidden_phones", lambda *_: frozenset())]


def follows_redirects() -> Sequence[Swap]:
    """Goes where it is sent."""
    own = transport.Transport.send

    async def send(self: transport.Transport, method: str, url: httpx.URL, body: bytes | None, *, seconds: float) -> Any:
        answer = await own(self, method, url, body, seconds=seconds)
        for _ in range(20):
            if not (isinstance(answer, transport.Answer) and answer.status in (301, 302, 307) and "location" in answer.headers):
                break
            method, body = (method, body) if answer.status == 307 else ("GET", None)
            url = url.join(answer.headers["location"])
            answer = await own(self, method, url, body, seconds=seconds)
        return answer

    return [(transport.Transport, "send", send)]


def resumes_by_row() -> Sequence[Swap]:
    """What was done for row 17 is done: a step of the same row number is not sent again."""
    own = pipeline._plan

    async def planned(desk: Any, *rest: Any) -> Any:
        made = await own(desk, *rest)
        runs = desk.journal.runs(limit=1000)
        done = {(str(s.kind), s.rows) for run in runs for s in desk.journal.steps(run.run_id) if s.state == "done" and s.rows}
        left = tuple(step for step in made.plan.steps if (str(step.kind), step.rows) not in done)
        return replace(made, plan=replace(made.plan, steps=left))

    return [(pipeline, "_plan", planned)]


def counts_for_itself() -> Sequence[Swap]:
    """The report says what the client believes to have done; nothing is read back."""
    return [(reconcile, "wants_read_back", lambda *_: False)]


def journals_afterwards() -> Sequence[Swap]:
    """The journal is told when the answer is there."""

    async def send(self: Sender, step: Step) -> Outcome:
        outcome = sending._outcome(step, await self._request(step, step.body, None), again=False)
        await self.journal.intent(self.run_id, step, 1)
        return self.note(outcome)

    return [(Sender, "send", send)]


def trusts_its_plan() -> Sequence[Swap]:
    """What was true when the plan was made is true when it is carried out."""

    async def unchanged(self: Run, step: Step, *, again: bool) -> None:
        return None

    return [(drift, "drifted", lambda *_, **__: {}), (Run, "_changed", unchanged)]


def takes_silence_for_no() -> Sequence[Swap]:
    """What got no answer has failed, and the next run may try it again."""
    own = retry.judge

    def judged(*args: Any, **named: Any) -> Verdict:
        verdict = own(*args, **named)
        return Verdict.REFUSED if verdict is Verdict.UNKNOWN else verdict

    return [(exchange, "judge", judged)]


#: Each mistake, and the kind of day on which it shows best.
MISTAKES: dict[Mistake, str] = {
    blanket_retry: "wire",
    posts_again_after_one_look: "wire",
    no_grace: "late",
    no_lock: "rival",
    believes_partial_lists: "pages",
    removes_first: "pages",
    patches_status_again: "people",
    never_by_order: "wire",
    follows_redirects: "doors",
    resumes_by_row: "doors",
    counts_for_itself: "people",
    journals_afterwards: "wire",
    trusts_its_plan: "people",
    takes_silence_for_no: "wire",
}


def making(mistake: Mistake) -> AbstractContextManager[None]:
    """callcamp_sync, with that one mistake."""
    return swapped(mistake())


def caught_after(mistake: Mistake, seeds: Iterable[int]) -> tuple[int, Finding] | None:
    """How many of the seeds it takes to catch the mistake, and by what; None if they are not enough."""
    for count, seed in enumerate(seeds, start=1):
        with making(mistake):
            found = judge(play(seed))
        if found:
            return count, found[0]
    return None


def best_seeds(mistake: Mistake, most: int) -> range:
    """The first seeds of the kind of day on which a mistake shows best."""
    place = [profile.name for profile in PROFILES].index(MISTAKES[mistake])
    return range(place, most * len(PROFILES), len(PROFILES))
