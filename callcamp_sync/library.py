"""The library: one function for each thing that the tool does with a campaign. The command line is made of them.

In:  a sheet, a campaign, settings or a Bench. Out: Plan, Report, StatusSheet; SyncError where a run cannot begin.
`settings` is everywhere the same: Settings; or a Bench, where more is to be said (who confirms, who is told of progress, which
clock); or nothing, and they are loaded from environment and files as the command line loads them. Without a Bench nobody is asked
before something is sent. A campaign is a uuid or a unique name. I/O: network, disk.

The examples below are run by the test suite, over HTTP, against a Callcamp in small. Its campaign `Spring renewals` has 30
orders, and `leads.csv` three rows, one of them with a number that is none.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import anyio

from callcamp_sync import annotation, export, fixes, pipeline, plan_document, sheets
from callcamp_sync import bench as benches
from callcamp_sync import settings as layers
from callcamp_sync.bench import Bench, Request
from callcamp_sync.errors import UsageError, ungrouped
from callcamp_sync.model import Plan, Report, Sheet
from callcamp_sync.settings import Settings

if TYPE_CHECKING:
    import polars as pl

    from callcamp_sync.api.client import Client

T = TypeVar("T")

#: What a function works with; null: settings from environment and files.
Given: TypeAlias = Settings | Bench | None


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run one of the async functions to its end, from code that is not async; raises what it raises.

    >>> run(validate("leads.csv", campaign="Spring renewals")).counts["rejected"]
    1

    Where an event loop runs already (a notebook, an async service) it raises UsageError: write `await sync(…)` there.
    """
    if _loop_runs():
        work.close()
        raise UsageError("an event loop is running here already", hint="write `await sync(…)` instead of `run(sync(…))`")
    with ungrouped():
        return anyio.run(_awaited, work)


def load_settings(profile: str | None = None, **given: object) -> Settings:
    """Settings as the command line finds them; `given` stands over environment and files, like flags. None means not given.

    >>> load_settings(region="GB", max_remove="5%").max_remove
    Limit(count=None, percent=5.0)

    Raises SettingsError: a name that is none, a value that does not fit, a file that cannot be read.
    """
    return layers.load(given, profile=profile)


def open_client(settings: Given = None) -> Client:
    """A connection to the account, as an async context manager: its listings are polars frames.

    >>> async def statuses():
    ...     async with open_client() as client:
    ...         campaign = await client.find_campaign("Spring renewals")
    ...         listing = await client.list_orders(campaign.uuid)
    ...     return listing.frame.height, listing.complete
    >>> run(statuses())
    (30, True)

    Raises AccessError without a token, SettingsError for a token, address, proxy or certificate file that cannot be used.
    """
    return benches.open_client(_bench(settings).settings)


def read_sheet(source: str | Path | pl.DataFrame, *, mapping: Path | None = None, settings: Given = None) -> Sheet:
    """Read a sheet as text, once, for several of the functions below; they also take what is given here.

    source: a path, a glob, `FILE.xlsx#Sheet name`, `-`; or a polars frame whose columns are all text. mapping: a file that says
    which sheet, header row, encoding and delimiter are meant.

    >>> read_sheet("leads.csv").headings
    ('Phone', 'First name', 'Company')

    Raises SheetError, MappingError.
    """
    found = str(source) if isinstance(source, (str, Path)) else sheets.given_sheet(source)
    return benches.load_sheet(found, benches.load_mapping(mapping), _bench(settings).settings)


async def validate(
    sheet: str | Path | Sheet,
    *,
    campaign: str | None = None,
    mapping: Path | None = None,
    record_type: Path | None = None,
    fix_file: Path | None = None,
    settings: Given = None,
) -> Report:
    """Find every fault of every row. Sends nothing but GET; with `record_type` (its JSON, a file) nothing at all.

    fix_file: where the rows to correct are written, as a workbook.

    >>> report = run(validate("leads.csv", campaign="Spring renewals"))
    >>> report.issues.select("row", "code", "cell").rows()
    [(4, 'phone-region', '12')]
    """
    fixes.check_target(_name(sheet), fix_file)
    request = replace(_request(sheet, campaign, mapping, "validate"), record_type=record_type, fix_file=fix_file)
    with ungrouped():
        return await pipeline.validate(request, _bench(settings))


async def plan(
    sheet: str | Path | Sheet,
    *,
    campaign: str | None = None,
    mapping: Path | None = None,
    save_as: Path | None = None,
    annotate: Path | None = None,
    settings: Given = None,
) -> tuple[Plan, Report]:
    """What a sync would change: the plan, which `apply` carries out, and the report with the outcomes that are planned.

    Sends nothing but GET. A guard that is tripped is the report's exit code, not an error. save_as: a file for the plan.
    annotate: where a copy of the workbook is written, with what is planned for each row beside it.

    >>> made, report = run(plan("leads.csv", campaign="Spring renewals"))
    >>> [str(step.kind) for step in made.steps], dict(report.counts)
    (['create', 'create'], {'created': 2, 'rejected': 1})
    """
    annotation.check_target(_name(sheet), annotate)
    request = replace(_request(sheet, campaign, mapping, "plan"), plan_file=save_as)
    with ungrouped():
        made, report = await pipeline.plan(request, _bench(settings))
    if save_as is not None:
        pipeline.save(made, save_as)
    return made, _annotated(report, annotate, mapping)


async def apply(plan: Plan | str | Path, *, settings: Given = None) -> Report:
    """Carry a plan out, once: the guards are looked at again, then it is sent, read back and reported.

    plan: as `plan` made it, or the file that it was saved in.

    >>> made, _ = run(plan("leads.csv", campaign="Spring renewals"))
    >>> report = run(apply(made))
    >>> report.exit_name, report.counts["created"], report.checked
    ('rows-rejected-or-held', 2, 2)

    Raises StalePlanError when it is spent, expired, or no longer what it was made for; UnsafePlanError for a tripped guard;
    LockedError while another run holds the campaign.
    """
    # A plan that never left this process passes the same door as one from a file: it is held against its own digest.
    document = json.loads(json.dumps(plan_document.document(plan))) if isinstance(plan, Plan) else _saved(Path(plan))
    with ungrouped():
        return await pipeline.apply_saved(document, _bench(settings))


async def sync(
    sheet: str | Path | Sheet,
    *,
    campaign: str | None = None,
    mapping: Path | None = None,
    annotate: Path | None = None,
    settings: Given = None,
) -> Report:
    """Bring a campaign in step with a sheet: plan, confirm (with a Bench that does), send, read back, report.

    annotate: where a copy of the workbook is written, with each row's outcome beside it.

    >>> report = run(sync("leads.csv", campaign="Spring renewals"))
    >>> report.counts["created"]
    2
    >>> run(sync("leads.csv", campaign="Spring renewals")).counts["unchanged"]
    2

    Raises SyncError only where nothing was sent; how a run ended otherwise is the report's exit code.
    """
    annotation.check_target(_name(sheet), annotate)
    with ungrouped():
        report = await pipeline.sync(_request(sheet, campaign, mapping, "sync"), _bench(settings))
    return _annotated(report, annotate, mapping)


async def resume(run: str | None = None, *, settings: Given = None) -> Report:
    """Settle what a run left unknown, and finish what it did not attempt. run: its id; None for the last unfinished one.

    Raises NotFoundError where there is none, StalePlanError where its plan is too old.
    """
    with ungrouped():
        return await pipeline.resume(run, _bench(settings))


async def export_status(
    to: str | Path,
    *,
    campaign: str | None = None,
    wanted: export.Wanted | None = None,
    form: str | None = None,
    dialect: str = "excel",
    settings: Given = None,
) -> export.StatusSheet:
    """Write every order of a campaign to a sheet that can be edited and synced again.

    to: FILE.xlsx, .csv, .parquet or .jsonl, or whatever `form` says. wanted: which orders and columns. dialect: of CSV.

    >>> written = run(export_status("status.csv", campaign="Spring renewals"))
    >>> written.orders.height, written.total
    (30, 30)
    """
    target, bench = Path(to), _bench(settings)
    export.check_format(target, form)
    export.check_dialect(dialect)
    with ungrouped():
        sheet, orders = await export.read_status(bench, campaign, wanted)
    said = export.write_status(sheet, target, form=form, dialect=dialect)
    return replace(sheet, notices=(*sheet.notices, *said, *export.remember(bench, sheet, orders)))


def _annotated(report: Report, target: Path | None, mapping: Path | None) -> Report:
    header_row = benches.load_mapping(mapping).source.header_row if target else None
    return annotation.annotated(report, target, header_row=header_row)


def _bench(given: Given) -> Bench:
    if isinstance(given, Bench):
        return given
    return Bench(settings=given or load_settings())


def _request(sheet: str | Path | Sheet, campaign: str | None, mapping: Path | None, command: str) -> Request:
    source = sheet if isinstance(sheet, Sheet) else str(sheet)
    return Request(sheet=source, campaign=campaign, mapping=mapping, command=command)


def _name(sheet: str | Path | Sheet) -> str:
    return sheet.info.path if isinstance(sheet, Sheet) else str(sheet)


def _saved(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"the plan `{path}` cannot be read: {error.strerror}", hint="check the path") from error
    except ValueError as error:
        raise UsageError(f"`{path}` is not a saved plan", hint="make one with `callcamp-sync plan -o plan.json`") from error


async def _awaited(work: Coroutine[Any, Any, T]) -> T:
    return await work


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
