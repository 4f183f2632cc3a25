"""A night on a cluster: the same campaigns, processes of this machine as workers, one of them killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter

import pytest
from distributed import LocalCluster
from flow_stage import CANARY_TOKEN, Running, Stage
from jobs_stage import campaign, ends, night, people, project

from callcamp_sync.cluster import opened

TWELVE = [f"Campaign {number:02}" for number in range(1, 13)]
#: Less than two workers send on a busy machine: a worker that did not keep to its share would show.
RATE = 25.0
PATIENCE = 240.0


def twelve(stage: Stage, rows: int) -> None:
    """Twelve campaigns, each with its sheet and its job."""
    jobs = []
    for number, name in enumerate(TWELVE, start=1):
        campaign(stage, name)
        stage.sheet(people(1_000 + number * 100, rows), f"c{number:02}.csv")
        jobs.append({"name": f"c{number:02}", "source": f"c{number:02}.csv", "campaign": name, "archive": "done"})
    project(stage, jobs)


def holders(stage: Stage) -> list[int]:
    """The processes that hold a campaign now."""
    found = []
    for note in (stage.folder / "state" / "locks").glob("*.json"):
        try:
            found.append(int(json.loads(note.read_text(encoding="utf-8"))["pid"]))
        except (OSError, ValueError):
            continue
    return found


def wait_for_creates(stage: Stage, run: Running, count: int) -> None:
    """Wait until so many writes came, and a campaign is held."""
    until = time.monotonic() + PATIENCE
    while len(stage.box.writes) < count or not holders(stage):
        assert run.process.poll() is None, run.wait()
        assert time.monotonic() < until, "waited in vain until creates are under way"
        time.sleep(0.01)


def kill_a_worker(stage: Stage, run: Running) -> int:
    """Kill a process that holds a campaign, once creates have been sent; it is not the one that was called."""
    wait_for_creates(stage, run, 15)
    worker = holders(stage)[0]
    assert worker != run.process.pid
    os.kill(worker, signal.SIGKILL)
    return worker


def fastest(times: list[float], seconds: float) -> float:
    """The most requests a second over any stretch of that length."""
    return max((sum(begin <= at < begin + seconds for at in times) - 1) / seconds for begin in times)


def test_twelve_campaigns_end_the_same_though_a_worker_is_killed(stage: Stage) -> None:
    twelve(stage, rows=5)
    stage.more["CALLCAMP_GRACE_SECONDS"] = "1"
    with stage.begin("jobs", "run", "--engine", "dask", "--parallel", "2", "--rate", str(RATE), "--json") as run:
        kill_a_worker(stage, run)
        run.process.wait(timeout=PATIENCE)
        ended = run.wait()
    said = night(stage)
    assert (ended.code, set(ends(said).values())) == (0, {0}), ended.err
    for number, name in enumerate(TWELVE, start=1):
        wanted = {row["Phone"] for row in people(1_000 + number * 100, 5)}
        assert Counter(stage.phones(name)) == Counter(wanted)
    again = [job for job in said["jobs"] if any("a worker was lost" in words for words in job["notices"])]
    assert len(again) == 1
    assert len(list((stage.folder / "done").iterdir())) == 12
    times = sorted(request.at for request in stage.box.requests)
    assert fastest(times, 2.0) <= RATE * 1.05
    assert CANARY_TOKEN not in ended.out + ended.err
    assert not list((stage.folder / "state" / "cluster").iterdir())


def test_a_signal_stops_what_is_not_begun_drains_what_is_and_leaves_a_report(stage: Stage) -> None:
    twelve(stage, rows=20)
    with stage.begin("jobs", "run", "--engine", "dask", "--parallel", "2", "--rate", "30", "--json") as run:
        wait_for_creates(stage, run, 6)
        for process in (run.process.pid, *holders(stage)):  # a terminal tells every process of its group
            os.kill(process, signal.SIGINT)
        run.process.wait(timeout=PATIENCE)
        ended = run.wait()
    said = night(stage)
    assert ended.code == said["night"]["exit"]["code"] == 130
    codes = Counter(ends(said).values())
    assert len(said["jobs"]) == 12
    assert codes[130] >= 10
    created = sum(len(stage.phones(name)) for name in TWELVE)
    assert sum(job["counts"].get("created", 0) for job in said["jobs"]) == created < 12 * 20
    assert stage.here("jobs", "run", "--json").code == 0
    for number, name in enumerate(TWELVE, start=1):
        assert Counter(stage.phones(name)) == Counter(row["Phone"] for row in people(1_000 + number * 100, 20))


@pytest.mark.parametrize("own", [True, False], ids=["with a token of its own", "without one"])
def test_a_cluster_of_others_gets_no_token_and_uses_its_own(stage: Stage, *, own: bool) -> None:
    twelve(stage, rows=2)
    environ = {"CALLCAMP_TOKEN": CANARY_TOKEN} if own else {}
    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
        env=environ,
        local_directory=stage.folder,
    ) as cluster:
        address = cluster.scheduler_address
        ended = stage.here("jobs", "run", "--engine", "dask", "--scheduler", address, "--json")
    assert set(ends(ended.document).values()) == ({0} if own else {4})
    assert [len(stage.phones(name)) for name in TWELVE] == [2 if own else 0] * 12
    assert {bool(job["folder"]) for job in ended.document["jobs"]} == {own}
    if own:
        assert not list((stage.folder / "state").glob("journal.sqlite3-*"))
    else:
        assert len(stage.box.requests) == 0


def test_a_scheduler_that_is_not_there_is_said_before_anything_begins(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(opened._QUIET, "distributed.comm.timeouts.connect", "1s")
    twelve(stage, rows=1)
    ended = stage.here("jobs", "run", "--engine", "dask", "--scheduler", "tcp://127.0.0.1:9")
    assert (ended.code, stage.methods()) == (5, set())
    assert "no dask scheduler answers" in ended.err
    assert not (stage.folder / "reports").exists()
