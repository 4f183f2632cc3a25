"""The ledger: what is in it stays in it, through kills, full disks and two writers at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock

from callcamp_sync import ledger as ledger_module
from callcamp_sync.errors import StateError
from callcamp_sync.ledger import CUT_OFF, Entry, Ledger

ANN, BOB, CAY = "+12015550101", "+12015550102", "+447700900103"
START = datetime(2026, 5, 10, 14, 30, tzinfo=UTC)
WHOLE = f'{{"phone": "{ANN}", "at": "2026-05-10T14:30:00Z", "source": "cli", "note": null}}\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "do-not-call.jsonl"


def opened(path: Path) -> Ledger:
    return Ledger.open(path, clock=lambda: START)


def written(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def cli(*phones: str) -> list[Entry]:
    return [Entry(phone=phone, source="cli") for phone in phones]


def test_a_new_ledger_is_empty_and_for_its_owner_only(path: Path) -> None:
    assert opened(path).phones() == frozenset()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_an_entry_comes_back_with_all_that_was_said(path: Path) -> None:
    said = Entry(phone=ANN, source="campaign camp-1 order order-1", note='asked "never again"\n📞')
    assert opened(path).add([said]) == 1
    assert opened(path).find(ANN) == [Entry(phone=said.phone, source=said.source, note=said.note, at=START)]
    assert opened(path).entries() == tuple(opened(path).find(ANN))


def test_the_file_has_one_object_a_line_as_documented(path: Path) -> None:
    opened(path).add(cli(ANN, BOB))
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert lines == [{"phone": phone, "at": "2026-05-10T14:30:00Z", "source": "cli", "note": None} for phone in (ANN, BOB)]


def test_only_phones_that_are_new_are_appended(path: Path) -> None:
    ledger = opened(path)
    assert ledger.add(cli(ANN, ANN, BOB)) == 2
    before = path.read_bytes()
    assert ledger.add(cli(BOB, ANN)) == 0
    assert path.read_bytes() == before
    assert ledger.add(cli(BOB, CAY)) == 1
    assert path.read_bytes().startswith(before)


@pytest.mark.parametrize(
    "phone",
    [
        pytest.param("12015550101", id="without plus"),
        pytest.param("+1 201 555 0101", id="with spaces"),
        pytest.param("+02015550101", id="with a leading zero"),
        pytest.param("+123456", id="too short"),
        pytest.param("+1234567890123456", id="too long"),
        pytest.param("+12015550101\n", id="with a line end"),
        pytest.param("+1٢٠١٥٥٥٠١٠١", id="in Arabic digits"),
        pytest.param("", id="blank"),
    ],
)
def test_a_phone_that_is_not_e164_is_refused_before_anything_is_written(path: Path, phone: str) -> None:
    ledger = opened(path)
    with pytest.raises(ValueError, match="digits only"):
        ledger.add(cli(ANN, phone))
    assert path.read_bytes() == b""


def test_there_is_no_way_to_take_a_number_out() -> None:
    assert [name for name in dir(Ledger) if not name.startswith("_")] == ["add", "entries", "find", "open", "phones"]


def test_phones_that_another_process_adds_are_seen_without_opening_again(path: Path) -> None:
    ours, theirs = opened(path), opened(path)
    theirs.add(cli(ANN))
    assert ours.phones() == {ANN}


def test_a_phone_that_another_process_added_meanwhile_is_not_new(path: Path) -> None:
    ours, theirs = opened(path), opened(path)
    theirs.add(cli(ANN))
    assert ours.add(cli(ANN)) == 0


# --- lines that were cut off ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tail", "phones", "warns"),
    [
        pytest.param(WHOLE[:-1], {ANN}, None, id="before its line end, whole otherwise"),
        pytest.param(WHOLE[:40], {ANN}, "its number is whole and counts", id="after the number"),
        pytest.param(WHOLE[:24], {ANN}, "its number is whole and counts", id="right after the number's quote"),
        pytest.param(WHOLE[:23], set(), "add that number again", id="before the number's quote"),
        pytest.param(WHOLE[:15], set(), "add that number again", id="within the number"),
        pytest.param("{", set(), "add that number again", id="at its start"),
        pytest.param("\0" * 64, set(), "add that number again", id="as zeros, after a power cut"),
    ],
)
def test_a_last_line_cut_off(path: Path, tail: str, phones: set[str], warns: str | None) -> None:
    """It is told, nothing of it is deleted, what follows is whole, and it still counts for the next reader."""
    first = WHOLE.replace(ANN, BOB)
    ledger = opened(written(path, first + tail))
    assert ledger.phones() == {BOB, *phones}
    assert (ledger.warning is None) if warns is None else (warns in (ledger.warning or "") and "line 2" in (ledger.warning or ""))
    assert ledger.add(cli(CAY)) == 1
    assert path.read_bytes().startswith((first + tail).encode())
    again = opened(path)
    assert again.phones() == {BOB, CAY, *phones}
    assert again.warning == ledger.warning


def test_a_mark_that_was_itself_cut_off_is_set_again(path: Path) -> None:
    ledger = opened(written(path, WHOLE[:15].encode() + CUT_OFF[:4]))
    ledger.add(cli(BOB))
    ledger.add(cli(CAY))
    assert opened(path).phones() == {BOB, CAY}


def test_a_warning_does_not_repeat_the_number(path: Path) -> None:
    warning = opened(written(path, WHOLE[:40])).warning
    assert warning is not None
    assert ANN not in warning


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(WHOLE[:40], id="half a line"),
        pytest.param('{"at": "2026-05-10T14:30:00Z"}', id="no phone"),
        pytest.param('{"phone": "07700 900103"}', id="a phone that is not E.164"),
        pytest.param('{"phone": 12015550101}', id="a number instead of text"),
        pytest.param(f'["{ANN}"]', id="a list"),
        pytest.param(b"\xff\xfe", id="bytes that are no text"),
    ],
)
def test_a_damaged_line_in_the_middle_stops_with_its_number_and_stays(path: Path, line: str | bytes) -> None:
    data = WHOLE.encode() + (line.encode() if isinstance(line, str) else line) + b"\n" + WHOLE.encode()
    with pytest.raises(StateError, match="line 2 of the ledger") as caught:
        opened(written(path, data))
    assert str(path) in caught.value.message
    assert path.read_bytes() == data


def test_lines_that_people_wrote_count_when_their_phone_is_right(path: Path) -> None:
    ledger = opened(written(path, f'{{"phone": "{ANN}"}}\n\n  \r\n{{"source": "letter", "phone": "{BOB}", "at": "May"}}\r\n'))
    assert ledger.entries() == (Entry(phone=ANN, source=""), Entry(phone=BOB, source="letter"))


def test_a_file_that_became_shorter_stops_everything(path: Path) -> None:
    ledger = opened(path)
    ledger.add(cli(ANN, BOB))
    path.write_text(WHOLE)
    with pytest.raises(StateError, match="became shorter"):
        ledger.phones()


def test_a_file_that_went_away_stops_everything(path: Path) -> None:
    ledger = opened(path)
    path.unlink()
    with pytest.raises(StateError, match="cannot be used"):
        ledger.phones()


# --- several writers, full disks ------------------------------------------------------------------------------------------

CHILD = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from callcamp_sync.errors import StateError
from callcamp_sync.ledger import Entry, Ledger
path, low, high, limit = Path(sys.argv[1]), *map(int, sys.argv[2:])
ledger = Ledger.open(path, clock=lambda: datetime.now(UTC))
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    for number in range(low, high, 5):
        ledger.add(Entry(phone=f"+44770090{n:04d}", source="import list.csv", note="x" * 300) for n in range(number, number + 5))
except StateError as error:
    sys.exit(error.message)
"""


def child(path: Path, low: int, high: int, limit: int = 0) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", CHILD, str(path), str(low), str(high), str(limit)]
    return subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)


def test_lines_of_two_writers_do_not_mix_and_none_is_written_twice(path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs: Callable[[int], subprocess.CompletedProcess[str]] = lambda low: child(path, low, low + 100)  # noqa: E731
        assert [done.returncode for done in pool.map(runs, (0, 50))] == [0, 0]
    phones = [json.loads(line)["phone"] for line in path.read_text().splitlines()]
    assert sorted(phones) == [f"+44770090{n:04d}" for n in range(150)]


def test_a_full_disk_is_told_and_what_stood_before_stays(path: Path) -> None:
    opened(path).add(cli(ANN))
    done = child(path, 0, 5, limit=1000)
    assert done.returncode == 1
    assert str(path) in done.stderr
    after = opened(path)
    assert ANN in after.phones()
    assert after.add(cli(BOB)) == 1
    assert {ANN, BOB} <= opened(path).phones()


def test_a_writer_that_never_ends_is_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "TURN_SECONDS", 0.1)
    ledger = opened(path)
    with FileLock(f"{path}.lock"), pytest.raises(StateError, match="locked by another process"):
        ledger.add(cli(ANN))
