"""A prepared sheet: a folder of Parquet files and `prepared.json`, a sheet like any other. An edge: reads and writes files.

In:  pieces of a sheet as they were read (model.Sheet), and what their rows say (model.Part).
Out: the folder; or, read back, one Sheet whose frame is what the sheet itself would have given, with the Part beside it.
Files: `part-00000.parquet` has ROW, the sheet's own columns as text, and what each row says under `callcamp:` names;
`problems-00000.parquet` has what is wrong with rows; `prepared.json` names them all with their digests and is written last.
Rule source: issue 6, item 6.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import polars as pl

from callcamp_sync import frames
from callcamp_sync.errors import SheetError, StateError
from callcamp_sync.fields import ROW
from callcamp_sync.model import ISSUE_SCHEMA, Part, Prepared, Sheet, SourceInfo
from callcamp_sync.sheets import atomic
from callcamp_sync.sheets.digests import sheet_digest
from callcamp_sync.sheets.limits import Limits

MANIFEST = "prepared.json"
_SCHEMA = "callcamp-sync/prepared/1"
_MARK = "callcamp:"
_AGAIN = "prepare the sheet again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Two files of a part: name and sha256 of each. rows, blank_rows: as SourceInfo has them."""

    rows: int
    blank_rows: int
    part: tuple[str, str]
    problems: tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What `prepared.json` says. key: see model.Prepared. source: the sheet as it was named, with digest, tab and dialect."""

    key: str
    source: dict[str, str | None]
    headings: tuple[str, ...]
    warnings: tuple[str, ...]
    unchecked: tuple[str, ...]
    parts: tuple[Stored, ...]


@contextmanager
def making(folder: Path) -> Iterator[Path]:
    """A new folder (mode 0700, absolute) beside `folder`, which takes its place when the block ends well.

    Raises StateError where something stands there that is no prepared sheet, or the disk refuses.
    """
    if folder.exists() and not (folder / MANIFEST).is_file() and not (folder.is_dir() and not any(folder.iterdir())):
        raise StateError(f"`{folder}` is there already and is no prepared sheet", hint="name a new folder after `-o`")
    draft = folder.absolute().with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
        yield draft
        if folder.exists():
            shutil.rmtree(folder)
        draft.replace(folder)
    except OSError as error:
        raise StateError(
            f"`{folder}` cannot be written: {error.strerror or error}", hint="check the folder and the disk"
        ) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def store(folder: Path, number: int, sheet: Sheet, part: Part) -> Stored:
    """Write one piece. Raises SheetError for a heading that is named like our own columns, StateError for the disk."""
    clash = next((heading for heading in sheet.headings if heading.startswith(_MARK)), None)
    if clash is not None:
        raise SheetError(f"the heading `{clash}` is reserved", hint="rename the column")
    said = part.frame.drop(ROW).rename(lambda name: f"{_MARK}{name}")
    named = {"read": sheet.issues, "found": part.issues, "needed": part.needed}
    problems = pl.concat([frame.with_columns(kind=pl.lit(kind)) for kind, frame in named.items()])
    return Stored(
        rows=sheet.info.rows,
        blank_rows=sheet.info.blank_rows,
        part=_written(folder / f"part-{number:05}.parquet", sheet.frame.hstack(said)),
        problems=_written(folder / f"problems-{number:05}.parquet", problems),
    )


def _written(path: Path, frame: pl.DataFrame) -> tuple[str, str]:
    with atomic.replacing(path) as draft:
        frame.write_parquet(draft)
        return path.name, sheet_digest(draft)


def finish(folder: Path, manifest: Manifest) -> None:
    """Write `prepared.json`: from now on the folder is a sheet. Raises StateError."""
    with atomic.replacing(folder / MANIFEST) as draft:
        draft.write_text(json.dumps({"schema": _SCHEMA, **asdict(manifest)}, ensure_ascii=False, indent=1), encoding="utf-8")


# --- reading ------------------------------------------------------------------------------------------------------------


def located(source: str | Path) -> Path | None:
    """The `prepared.json` that the source means, itself or by its folder; null where it means something else."""
    path = Path(source).expanduser()
    if path.name == MANIFEST and path.is_file():
        return path
    return path / MANIFEST if (path / MANIFEST).is_file() else None


def read_prepared(path: Path, limits: Limits) -> Sheet:
    """The sheet of a `prepared.json`. Raises SheetError: another form, a file missing or changed, more rows than are read."""
    manifest = _manifest(path)
    rows = sum(one.rows for one in manifest.parts)
    limits.check_extent(rows, len(manifest.headings), str(path))
    frame = _joined(path, [one.part for one in manifest.parts])
    problems = _joined(path, [one.problems for one in manifest.parts])
    said = [name for name in frame.columns if name.startswith(_MARK)]
    text = frame.drop(said)
    if tuple(text.columns) != (ROW, *manifest.headings) or text.height != rows:
        raise SheetError(f"`{path}` does not fit its files", hint=_AGAIN)
    part = Part(
        frame=frame.select(ROW, *said).rename({name: name.removeprefix(_MARK) for name in said}),
        issues=_kind(problems, "found"),
        needed=_kind(problems, "needed"),
        unchecked=manifest.unchecked,
    )
    info = SourceInfo(
        path=str(path),
        sheet=manifest.source.get("sheet"),
        sha256=sheet_digest(path),
        rows=rows,
        blank_rows=sum(one.blank_rows for one in manifest.parts),
        encoding=manifest.source.get("encoding"),
        delimiter=manifest.source.get("delimiter"),
        warnings=manifest.warnings,
    )
    read = _kind(problems, "read")
    return Sheet(frame=text, headings=manifest.headings, issues=read, info=info, prepared=Prepared(key=manifest.key, part=part))


def _manifest(path: Path) -> Manifest:
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if said.pop("schema") != _SCHEMA:
            raise SheetError(f"`{path}` was written by another version", hint=_AGAIN)
        parts = tuple(
            Stored(
                rows=int(one["rows"]),
                blank_rows=int(one["blank_rows"]),
                part=(str(one["part"][0]), str(one["part"][1])),
                problems=(str(one["problems"][0]), str(one["problems"][1])),
            )
            for one in said.pop("parts")
        )
        texts = {name: tuple(map(str, said.pop(name))) for name in ("headings", "warnings", "unchecked")}
        return Manifest(key=str(said["key"]), source=dict(said["source"]), parts=parts, **texts)
    except OSError as error:
        raise SheetError(f"`{path}` cannot be read: {error.strerror or error}", hint="check the path") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise SheetError(f"`{path}` is damaged", hint=_AGAIN) from error


def _joined(path: Path, files: Sequence[tuple[str, str]]) -> pl.DataFrame:
    """The files in order, each held against its digest: what was looked through is what is read."""
    found = []
    for name, digest in files:
        file = path.parent / Path(name).name
        if sheet_digest(file) != digest:
            raise SheetError(f"`{file}` is not as it was prepared", hint=_AGAIN)
        found.append(file)
    try:
        return pl.concat([pl.read_parquet(file, hive_partitioning=False) for file in found])
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SheetError(f"the files of `{path}` cannot be read as Parquet", hint=_AGAIN) from error


def _kind(problems: pl.DataFrame, kind: str) -> pl.DataFrame:
    return frames.fit(problems.filter(pl.col("kind") == kind), ISSUE_SCHEMA)
