"""Figures of the jobs for Prometheus: a text file that node_exporter collects. Edge: the disk, through the extra `metrics`.

In:  the last run of each job. Out: one file, whole or not at all. Labels are job names: no campaign, no path, no contact.
Rule source: node_exporter's textfile collector; prometheus_client.write_to_textfile renames a file beside the target.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

from callcamp_sync.errors import SettingsError, StateError


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The last run of a job. good_at: when it last did its work, null where it never did. rows, orders: outcome -> count."""

    ended_at: datetime
    good_at: datetime | None
    exit_code: int
    seconds: float
    rows: Mapping[str, int]
    orders: Mapping[str, int]
    requests: int
    throttled: int


#: Name of a metric without its prefix -> what it says.
_GAUGES: Mapping[str, str] = {
    "last_run_timestamp_seconds": "When the job last ended.",
    "last_success_timestamp_seconds": "When the job last did its work (exit 0 or 3).",
    "exit_code": "How the job last ended: the exit code.",
    "duration_seconds": "How long the job's last run took.",
    "requests": "Requests of the job's last run.",
    "throttled": "Requests of the job's last run that the server slowed down.",
}


def check() -> None:
    """Raise SettingsError where the extra is not installed: said before the night begins, not after it."""
    if find_spec("prometheus_client") is None:
        raise SettingsError("`metrics_file` needs the extra `metrics`", hint="install it: `pip install 'callcamp-sync[metrics]'`")


def write(path: Path, jobs: Mapping[str, Figures]) -> None:
    """Write the figures of these jobs. Raises StateError when the file cannot be written."""
    from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

    registry = CollectorRegistry()
    gauges = {name: Gauge(f"callcamp_job_{name}", words, ["job"], registry=registry) for name, words in _GAUGES.items()}
    rows = Gauge(
        "callcamp_job_rows", "Rows of the sheet in the job's last run, by outcome.", ["job", "outcome"], registry=registry
    )
    orders = Gauge("callcamp_job_orders_without_row", "Orders without a row, by outcome.", ["job", "outcome"], registry=registry)
    for job, seen in jobs.items():
        for name, value in _values(seen).items():
            gauges[name].labels(job).set(value)
        for gauge, counts in ((rows, seen.rows), (orders, seen.orders)):
            for outcome, count in counts.items():
                gauge.labels(job, outcome).set(count)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_to_textfile(str(path), registry)
    except OSError as error:
        raise StateError(
            f"the metrics cannot be written to `{path}`: {error.strerror or error}", hint="check the folder and its rights"
        ) from error


def _values(seen: Figures) -> dict[str, float]:
    known = {"last_success_timestamp_seconds": seen.good_at.timestamp()} if seen.good_at else {}
    return {
        "last_run_timestamp_seconds": seen.ended_at.timestamp(),
        **known,
        "exit_code": float(seen.exit_code),
        "duration_seconds": seen.seconds,
        "requests": float(seen.requests),
        "throttled": float(seen.throttled),
    }
