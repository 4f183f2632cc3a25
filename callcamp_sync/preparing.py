"""`prepare`: a sheet read piece by piece into Parquet, so that the machine that plans has only to compare.

In:  a sheet, a mapping, a Record Type, and an engine: what does the pieces, here or elsewhere. Out: a prepared folder (see
sheets/prepared.py) and a Prepared, what it came to.
A piece is read by the same functions as a whole sheet; what one row says of another (duplicates) is judged by whoever reads the
folder. So a plan of the folder is the plan of the sheet. I/O: the sheet, the folder; the network for a campaign's Record Type.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

import anyio.to_thread
import polars as pl

from callcamp_sync import fixes, planning
from callcamp_sync.bench import (
    Bench,
    Request,
    find_campaign,
    load_mapping,
    load_record_type,
    load_sheet,
    load_subject,
    open_client,
)
from callcamp_sync.errors import ExitCode, SyncError, UsageError
from callcamp_sync.fields import ROW
from callcamp_sync.mapping import Binding
from callcamp_sync.mapping import Mapping as SheetMapping
from callcamp_sync.model import Sheet
from callcamp_sync.rows import read_part
from callcamp_sync.schema import RecordSchema
from callcamp_sync.sheets import cutting, prepared
from callcamp_sync.sheets.data_files import read_parquet, write_parquet
from callcamp_sync.sheets.prepared import Stored

#: Rows of a piece of a sheet that could not be cut by its bytes.
_SLICE = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One piece on its way to be read. Picklable; whoever does it must reach the sheet and the folder.

    head, piece: of a file that was cut. slice: a Parquet file of rows that were read, and sheet: the same without rows.
    """

    number: int
    folder: Path
    binding: Binding
    record_type: RecordSchema
    region: str | None
    head: cutting.Head | None = None
    piece: cutting.Piece | None = None
    sheet: Sheet | None = None
    slice: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of a piece. verdicts: rows by verdict; codes: issue code -> rows. error: why the sheet cannot be prepared."""

    number: int
    stored: Stored | None = None
    headings: tuple[str, ...] = ()
    verdicts: Mapping[str, int] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    unchecked: tuple[str, ...] = ()
    error: SyncError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a sheet came to. rejected, held: rows that are wrong by themselves; duplicates are found by whoever plans."""

    folder: Path
    rows: int
    blank_rows: int
    parts: int
    rejected: int
    held: int
    codes: Mapping[str, int]

    @property
    def exit_code(self) -> ExitCode:
        """As `validate` ends."""
        return ExitCode.ROWS if self.rejected or self.held else ExitCode.OK


#: Does every piece, somewhere, in any order.
Engine: TypeAlias = Callable[[Callable[[Work], Done], Sequence[Work]], AsyncIterator[Done]]


async def in_turn(do: Callable[[Work], Done], works: Sequence[Work]) -> AsyncIterator[Done]:
    """The engine of this process: one piece after the other, so that one is in memory."""
    for work in works:
        yield await anyio.to_thread.run_sync(do, work)


async def prepare(
    request: Request, bench: Bench, output: Path, *, engine: Engine = in_turn, size: int = cutting.PIECE
) -> Outcome:
    """Read the sheet into the folder `output`. size: bytes of a piece. Raises SyncError: nothing stands there then."""
    source = request.sheet
    if isinstance(source, Sheet) or prepared.located(source) is not None:
        raise UsageError("a sheet that was read or prepared already is not prepared again", hint="name the file itself")
    mapping = load_mapping(request.mapping)
    record_type = await _record_type(request, bench, mapping)
    with prepared.making(output) as folder:
        cut = _cut(source, mapping, size)
        whole = load_sheet(source, mapping, bench.settings) if cut is None else _without_rows(cut.head)
        if whole.exported is not None or whole.info.fix_of is not None:
            raise UsageError("an export or a fix file of ours remembers more than rows", hint="sync it as it is")
        subject = load_subject(replace(request, sheet=whole), bench.settings)
        like = Work(
            number=0,
            folder=folder,
            binding=planning.bound(subject, record_type),
            record_type=record_type,
            region=subject.settings.region,
        )
        works = _slices(whole, like) if cut is None else _cuts(cut, like)
        dones = await _all_done(engine, works, bench)
        warnings = whole.info.warnings if cut is None else cut.head.warnings
        manifest = prepared.Manifest(
            key=planning.reading_key(subject, record_type),
            source={
                "path": source,
                "sha256": whole.info.sha256,
                "sheet": whole.info.sheet,
                "encoding": whole.info.encoding,
                "delimiter": whole.info.delimiter,
            },
            headings=whole.headings,
            warnings=warnings,
            unchecked=tuple(dict.fromkeys(words for done in dones for words in done.unchecked)),
            parts=tuple(done.stored for done in dones if done.stored is not None),
        )
        for work in works:
            if work.slice is not None:
                work.slice.unlink()
        prepared.finish(folder, manifest)
    return _outcome(output, dones)


def prepare_piece(work: Work) -> Done:
    """Read one piece and store it. What is wrong with the sheet as a whole comes back as a value: it has to travel."""
    try:
        sheet = _piece(work)
        part = read_part(sheet, work.binding, work.record_type, region=work.region)
        stored = prepared.store(work.folder, work.number, sheet, part)
    except SyncError as error:
        return Done(number=work.number, error=error)
    verdicts = part.frame["verdict"].drop_nulls().value_counts()
    codes = part.issues.group_by("code").agg(pl.col("row").n_unique())
    return Done(
        number=work.number,
        stored=stored,
        headings=sheet.headings,
        verdicts=dict(verdicts.iter_rows()),
        codes=dict(codes.iter_rows()),
        unchecked=part.unchecked,
    )


# --- the pieces ---------------------------------------------------------------------------------------------------------


def _cut(source: str, mapping: SheetMapping, size: int) -> cutting.Cut | None:
    path = Path(source).expanduser()
    if not path.is_file():  # standard input, a pattern, a sheet of a workbook, or nothing: the whole reader knows
        return None
    how = mapping.source
    return cutting.cut(path, encoding=how.encoding, delimiter=how.delimiter, header_row=how.header_row, size=size)


def _without_rows(head: cutting.Head) -> Sheet:
    return fixes.reopened(cutting.read_piece(head, cutting.Piece(start=0, end=0, first_row=head.header_row + 1)))


def _cuts(cut: cutting.Cut, like: Work) -> list[Work]:
    return [replace(like, number=number, head=cut.head, piece=piece) for number, piece in enumerate(cut.pieces)]


def _slices(whole: Sheet, like: Work) -> list[Work]:
    """Rows that were read, in files of their own: what travels is a name."""
    works = []
    blank = replace(whole, frame=whole.frame.clear(), issues=whole.issues, info=replace(whole.info, rows=0))
    for number, start in enumerate(range(0, max(whole.frame.height, 1), _SLICE)):
        rows = whole.frame.slice(start, _SLICE)
        path = like.folder / f"slice-{number:05}.parquet"
        write_parquet(path, rows)
        own = blank.issues.filter(pl.col("row").is_in(rows[ROW].implode()))
        blank_rows = whole.info.blank_rows if number == 0 else 0
        info = replace(blank.info, rows=rows.height, blank_rows=blank_rows)
        works.append(replace(like, number=number, slice=path, sheet=replace(blank, issues=own, info=info)))
    return works


def _piece(work: Work) -> Sheet:
    if work.slice is not None:
        assert work.sheet is not None
        return replace(work.sheet, frame=read_parquet(work.slice))
    assert work.head is not None
    assert work.piece is not None
    return cutting.read_piece(work.head, work.piece)


async def _all_done(engine: Engine, works: Sequence[Work], bench: Bench) -> list[Done]:
    """Every piece's end, in the sheet's order. Raises the first error of them."""
    found: dict[int, Done] = {}
    async for done in engine(prepare_piece, works):
        if done.error is not None:
            raise done.error
        found[done.number] = done
        bench.progress.reading("pieces", len(found), len(works))
    return [found[work.number] for work in works]


async def _record_type(request: Request, bench: Bench, mapping: SheetMapping) -> RecordSchema:
    if request.record_type is not None:
        return load_record_type(request.record_type)
    async with open_client(bench.settings, gate=bench.gate) as client:
        return await planning.read_type(client, await find_campaign(client, request.campaign, mapping))


def _outcome(output: Path, dones: Sequence[Done]) -> Outcome:
    verdicts: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for done in dones:
        verdicts.update(done.verdicts)
        codes.update(done.codes)
    stored = [done.stored for done in dones if done.stored is not None]
    return Outcome(
        folder=output,
        rows=sum(one.rows for one in stored),
        blank_rows=sum(one.blank_rows for one in stored),
        parts=len(stored),
        rejected=verdicts["rejected"],
        held=verdicts["held"],
        codes=dict(sorted(codes.items())),
    )
