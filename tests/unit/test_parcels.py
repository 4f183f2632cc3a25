"""What travels to a worker: paths that hold everywhere, and a token only where nobody else reads along."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from callcamp_sync import journal
from callcamp_sync.cli.engines import of_nights, of_pieces, uses_dask
from callcamp_sync.cluster import witness
from callcamp_sync.cluster.opened import check, is_private
from callcamp_sync.cluster.parcels import Parcel, at_home, packed
from callcamp_sync.errors import SettingsError, UsageError
from callcamp_sync.jobs.document import Job
from callcamp_sync.jobs.work import Agreed, Task
from callcamp_sync.settings import Settings

TOKEN = "canary-token-7Q2x9"
HOOK = "https://hooks.example.com/canary-hook"


def task(**more: Any) -> Task:
    settings = Settings(
        token=SecretStr(TOKEN), webhook=HOOK, ping=HOOK, notify_urls=("mailto://canary-hook",), state_dir=Path("state"), **more
    )
    job = Job(name="spring", source="inbox/*.csv#Leads", mapping=Path("m.toml"), archive=Path("done"), campaign="Spring")
    return Task(job=job, settings=settings)


@pytest.mark.parametrize(("private", "travels"), [(True, True), (False, False)])
def test_the_token_travels_only_where_the_way_is_private(tmp_path: Path, *, private: bool, travels: bool) -> None:
    sent = packed(task(), private=private, cwd=tmp_path)
    load = pickle.dumps(sent)
    assert (TOKEN.encode() in load) is travels
    assert b"canary-hook" not in load
    parcel = Parcel(night="n", job="0", task=sent, agreed=Agreed(account="a", concurrency=8, rate=None), seal="n")
    assert TOKEN not in repr(parcel) + str(parcel) + repr(sent)


def test_a_token_from_a_file_is_read_before_it_travels(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(TOKEN, encoding="utf-8")
    path.chmod(0o600)
    given = Task(job=task().job, settings=Settings(token_file=path))
    private, public = (packed(given, private=one, cwd=tmp_path).settings for one in (True, False))
    assert (private.token, private.token_file) == (SecretStr(TOKEN), None)
    assert (public.token, public.token_file) == (None, path)


def test_a_worker_has_its_own_token_where_none_came(tmp_path: Path) -> None:
    sent = packed(task(), private=False, cwd=tmp_path).settings
    assert at_home(sent, {"CALLCAMP_TOKEN": "own"}).token == SecretStr("own")
    assert at_home(sent, {}).token is None
    kept = packed(task(), private=True, cwd=tmp_path).settings
    assert at_home(kept, {"CALLCAMP_TOKEN": "own"}).token == SecretStr(TOKEN)


def test_paths_hold_wherever_the_worker_stands_and_nothing_is_archived_there(tmp_path: Path) -> None:
    sent = packed(task(), private=True, cwd=tmp_path)
    assert sent.job.source == str(tmp_path / "inbox/*.csv#Leads")
    assert sent.job.mapping == tmp_path / "m.toml"
    assert sent.job.archive is None
    assert sent.settings.state_dir == tmp_path / "state"
    assert sent.settings.report_dir == tmp_path / "reports"


def test_a_worker_that_does_not_share_the_state_folder_is_refused(tmp_path: Path) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    with witness.sealed(here, "night") as seal:
        witness.check(here, seal)
        with pytest.raises(SettingsError, match="does not hold the seal"):
            witness.check(elsewhere, seal)
        copied = elsewhere / "cluster" / "night.seal"
        copied.parent.mkdir(parents=True)
        copied.touch()
        with pytest.raises(SettingsError, match="do not hold there"):
            witness.check(elsewhere, seal)
    assert list((here / "cluster").iterdir()) == []


def test_a_journal_of_many_machines_has_no_log_in_the_memory_of_one(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    journal.make_portable(path)
    journal.make_portable(path)
    with journal.Journal.open(path, clock=lambda: datetime.now(UTC)):
        assert not path.with_name("journal.sqlite3-shm").exists()


@pytest.mark.parametrize("address", ["http://host:8786", "host:8786", ""])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="not the address"):
        check(address)


def test_only_tls_and_our_own_cluster_are_private() -> None:
    assert [is_private(one) for one in (None, "tls://a:1", "tcp://a:1", "tcp://127.0.0.1:1")] == [True, True, False, False]


def test_flags_that_do_not_go_together_are_refused() -> None:
    for engine, scheduler in (("ray", None), ("local", "tls://a:1")):
        with pytest.raises(UsageError):
            uses_dask(engine, scheduler)
    with pytest.raises(UsageError, match="--memory"):
        of_pieces("local", None, processes=2, memory="2GB")
    with pytest.raises(SettingsError):
        of_nights("dask", "nowhere")
