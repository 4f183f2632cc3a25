"""The demo's play: the sample sheet against a sandbox that misbehaves on cue. Over real HTTP, on loopback only.

In: a share of the sample sheet. Out: the reports of three runs, in which every outcome occurs that a run can have.
The mishaps are scripted by the sheet's own rows, so the play is the same every time. I/O: network (loopback), disk.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio

from callcamp_sync import pipeline, share
from callcamp_sync.bench import Bench, Request, Silent
from callcamp_sync.errors import ExitCode
from callcamp_sync.model import Plan, Report, StepKind
from callcamp_sync.sandbox import Sandbox
from callcamp_sync.sandbox.mishaps import Mishaps
from callcamp_sync.sandbox.sample import sample_world
from callcamp_sync.settings import Settings
from callcamp_sync.statuses import CONTACTED
from callcamp_sync.tally import Stop

CAMPAIGN = "Spring renewals"

#: The grace period of the play: long enough to be seen, short enough to wait for.
_GRACE_SECONDS = 2.0


#: The share of the first run after which it is stopped.
_PATIENCE = 0.9


@dataclass(slots=True)
class Play:
    """The stage: a running sandbox, settings for it, and the sheet."""

    box: Sandbox
    settings: Settings
    request: Request
    mishaps: _Cue
    seen: int = 0

    @property
    def base_url(self) -> str:
        """Where the sandbox serves."""
        return self.box.base_url

    def sync(self) -> Report:
        """Sync the sheet. The first time, the dialer works on before the first write, and somebody stops the run near its end."""
        self.seen = len(self.box.requests)
        stop = Stop()
        progress = Silent() if self.mishaps.set else _Impatience(stop)
        bench = Bench(settings=self.settings, confirm=self._meanwhile, stop=stop, progress=progress)
        return anyio.run(pipeline.sync, self.request, bench)

    def resume(self) -> Report:
        """Wait until the grace period is over, then resume."""
        return anyio.run(self._resume)

    def relent(self) -> None:
        """From now on nobody is refused."""
        self.mishaps.refused.clear()

    async def _resume(self) -> Report:
        await anyio.sleep(_GRACE_SECONDS)
        return await pipeline.resume(None, Bench(settings=self.settings))

    def requests_of_last_run(self) -> dict[str, int]:
        """Method -> requests, as the server's own log has them for the last sync."""
        return dict(sorted(Counter(request.method for request in self.box.requests[self.seen :]).items()))

    def _meanwhile(self, plan: Plan) -> bool:
        """Once: the dialer reaches two people whose orders the plan changes; then the cues for two creates are set."""
        if not self.mishaps.set:
            changing = [s.order_uuid for s in plan.steps if s.kind is StepKind.UPDATE_ORDER and s.order_uuid]
            for order in changing[:2]:
                self.box.world.change_order(order, status=CONTACTED)
            created = [step.phone for step in plan.steps if step.kind is StepKind.CREATE and step.phone]
            self.mishaps.set_for(lost=created[:2], refused=created[2:3])
        return True


class _Impatience(Silent):
    """Stops the run when most of it is done, as Ctrl-C would."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop

    def sending(self, done: int, total: int) -> None:
        """Steps of the plan that ended."""
        if done >= total * _PATIENCE:
            self._stop.because("interrupted, as by Ctrl-C", ExitCode.INTERRUPTED)


class _Cue:
    """Mishaps whose phones are known only when the plan is."""

    def __init__(self) -> None:
        self.lost: set[str] = set()
        self.refused: set[str] = set()
        self.set = False

    def set_for(self, *, lost: list[str], refused: list[str]) -> None:
        """These creates shall have bad luck."""
        self.lost.update(lost)
        self.refused.update(refused)
        self.set = True


@contextmanager
def stage(*, rows: int | None, report_dir: Path) -> Iterator[Play]:
    """Set the stage. rows: only so many rows of the sheet. The state folder is the play's own, and goes with it."""
    cue = _Cue()
    with tempfile.TemporaryDirectory(prefix="callcamp-demo-") as name:
        sheet = _sheet(rows, Path(name))
        world = sample_world(share.folder("sample_data"))
        with Sandbox(world, around=lambda app: Mishaps(app, lost=cue.lost, refused=cue.refused)) as box:
            settings = Settings(
                base_url=box.base_url,
                token=box.token,
                state_dir=Path(name) / "state",
                report_dir=report_dir,
                settle_seconds=0.3,
                grace_seconds=_GRACE_SECONDS,
                max_invalid="100%" if rows else None,
            )
            mapping = share.folder("mappings") / "generic.toml"
            request = Request(sheet=str(sheet), campaign=CAMPAIGN, mapping=mapping, command="demo")
            yield Play(box=box, settings=settings, request=request, mishaps=cue)


def _sheet(rows: int | None, folder: Path) -> Path:
    """The sample sheet, or its first rows as a sheet of their own."""
    whole = share.folder("sample_data") / "leads.csv"
    if rows is None:
        return whole
    part = folder / "leads.csv"
    lines = whole.read_bytes().splitlines(keepends=True)
    part.write_bytes(b"".join(lines[: rows + 1]))
    return part
