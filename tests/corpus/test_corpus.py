"""Odd and hostile files: each is read as a person would read it, or refused with one clear line. Nothing crashes or is lost."""

from __future__ import annotations

import io
import json
import os
import random
import re
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import corpus_books
import corpus_text
import make
import pytest
from corpus_case import Case
from corpus_cases import CASES

from callcamp_sync.cli import main
from callcamp_sync.errors import SheetError
from callcamp_sync.model import Sheet
from callcamp_sync.sheets import read_sheet

READ = [pytest.param(case, id=case.says) for case in CASES if case.rows is not None]
REFUSED = [pytest.param(case, id=case.says) for case in CASES if case.refused]
LEAD = {"uuid": "00000000-0000-4000-8000-000000000001", "name": "Lead", "parameters": []}
MUTATION_SECONDS = 8.0
#: Read before the fixture clears the environment. Where CI is set, the same files are tried each time.
SEED = int(os.environ.get("CALLCAMP_CORPUS_SEED", "0")) or (
    20261123 if os.environ.get("CI") else random.SystemRandom().randrange(1, 1_000_000_000)
)
#: Damages that once ended in an error of the libraries: offsets before the file, a size of nothing.
FOUND = (876798786, 26706428)


def placed(case: Case, folder: Path) -> str:
    path = folder / case.file
    path.write_bytes(case.data())
    return f"{path}{case.at}"


def sheet_of(case: Case, folder: Path) -> Sheet:
    how: dict[str, Any] = dict(case.how)
    return read_sheet(placed(case, folder), **how)


def validated(case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit code of `validate` for that file, by the same `main` that the script calls."""
    (folder / "lead.json").write_text(json.dumps(LEAD))
    command = [
        "validate",
        placed(case, folder),
        "--record-type",
        str(folder / "lead.json"),
    ]
    if case.how:
        said = "".join(f"{key} = {json.dumps(value)}\n" for key, value in case.how.items())
        (folder / "m.toml").write_text(f'[source]\n{said}[record]\nphoneNumber = "Phone"\n')
        command += ["-m", str(folder / "m.toml")]
    monkeypatch.setattr("sys.argv", ["callcamp-sync", *command, "--no-color", "--no-input"])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


@pytest.fixture(autouse=True)
def _quiet_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CALLCAMP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CALLCAMP_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def test_the_corpus_is_large_and_each_file_has_its_own_sentence() -> None:
    assert len(CASES) >= 80
    assert len({case.says for case in CASES}) == len(CASES)
    assert all((case.rows is None) == bool(case.refused) for case in CASES)


@pytest.mark.parametrize("case", READ)
def test_a_file_is_read_as_a_person_reads_it(case: Case, tmp_path: Path) -> None:
    sheet = sheet_of(case, tmp_path)
    assert tuple(sheet.frame.rows()) == case.rows
    assert tuple(sheet.issues.select("row", "code").rows()) == case.issues
    assert re.search(case.warns, "; ".join(sheet.info.warnings))


@pytest.mark.parametrize("case", REFUSED)
def test_a_file_is_refused_with_a_line_that_says_why(case: Case, tmp_path: Path) -> None:
    with pytest.raises(SheetError, match=case.refused) as refused:
        sheet_of(case, tmp_path)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value).replace(str(tmp_path), "")) < 300


@pytest.mark.parametrize("case", READ)
def test_the_command_line_judges_what_was_read(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code = validated(case, tmp_path, monkeypatch)
    written = capfd.readouterr()
    assert code in (0, 3, 8), written.err
    assert "Traceback" not in written.out + written.err


@pytest.mark.parametrize("case", REFUSED)
def test_the_command_line_says_one_line_and_its_cure(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code = validated(case, tmp_path, monkeypatch)
    written = capfd.readouterr()
    assert code == 2, written.err
    assert written.err.startswith("error: ")
    assert len(written.err.strip().splitlines()) <= 2


# --- the same files, damaged at random

BASES: dict[str, bytes] = {
    "leads.csv": corpus_text.PLAIN.encode(),
    "leads.csv.gz": make.gzipped(corpus_text.PLAIN.encode()),
    "leads.xlsx": corpus_books.BOOK,
    "tables.xlsx": make.with_table(corpus_books.TABLED, ref="B2:C5"),
    "styled.xlsx": corpus_books.STYLED_BOOK,
    "leads.xls": corpus_books.XLS,
    "leads.xlsb": corpus_books.XLSB,
    "leads.ods": corpus_books.ODS,
}
#: These are read by a process of their own, which takes its time to begin.
SLOW = ("leads.xls", "leads.xlsb", "leads.ods")


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Some bytes flipped, cut out, doubled, or put elsewhere."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(out)), chance.choice((1, 2, 8, 64))
        match chance.randrange(5):
            case 0:
                out[at] ^= 1 << chance.randrange(8)
            case 1:
                del out[at : at + min(length, len(out) - 1)]
            case 2:
                out[at:at] = out[at : at + length]
            case 3:
                out[at : at + 1] = bytes(chance.randrange(256) for _ in range(length))
            case _:
                other = chance.randrange(len(out))
                out[at : at + length] = out[other : other + length]
        out = out or bytearray(b"x")
    return bytes(out)


def mutant(name: str, chance: random.Random) -> bytes:
    """The file damaged: its bytes, or, as checksums find that, one of its parts, packed anew."""
    data = BASES[name]
    if not data.startswith(b"PK") or chance.random() < 0.2:
        return mutated(data, chance)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts: dict[str, bytes | str] = {one: archive.read(one) for one in archive.namelist()}
    target = chance.choice([one for one in parts if "workbook" in one or "sheet" in one or "content" in one or "table" in one])
    return make.zipped({**parts, target: mutated(bytes(parts[target]), chance)})  # type: ignore[arg-type]


def outcome(path: Path, seed: int) -> str:
    """The line that refuses the file, or how many rows it has."""
    try:
        sheet = read_sheet(path, hidden_rows="include")
    except SheetError as refused:
        return str(refused)
    except BaseException as crash:
        raise AssertionError(f"seed {seed}: `{path.name}` ended in {crash!r}") from crash
    return f"{sheet.frame.height} rows"


@pytest.mark.parametrize("seed", FOUND)
def test_damage_that_was_found_once_stays_one_line(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    path = tmp_path / chance.choice(SLOW)
    path.write_bytes(mutant(path.name, chance))
    assert "damaged" in outcome(path, seed)


def test_no_damage_makes_the_reader_crash_hang_or_talk_at_length(tmp_path: Path) -> None:
    """Each damaged file is a sheet or one line. The seed of a failure is in its message; CALLCAMP_CORPUS_SEED tries it again."""
    began, first, tried = time.monotonic(), SEED, 0
    while time.monotonic() - began < MUTATION_SECONDS:
        seed = first + tried
        chance = random.Random(seed)
        name = chance.choice(SLOW) if tried % 40 == 0 else chance.choice([one for one in BASES if one not in SLOW])
        path = tmp_path / name
        path.write_bytes(mutant(name, chance))
        started = time.monotonic()
        said = outcome(path, seed)
        assert "\n" not in said, f"seed {seed}: {said}"
        assert time.monotonic() - started < 100, f"seed {seed}: `{name}` took too long"
        tried += 1
    sys.stdout.write(f"{tried} damaged files from seed {first}\n")
    assert tried > 20
