"""What of a night is worth telling, to whom, and in which words. Pure: no I/O, no clock.

In:  results, how each job stood before, who wants to hear of what. Out: letters: an address, a document, a text.
Nothing personal: job, campaign, exit code, counts, guards, our own words; numbers and addresses in them are masked, names of
contacts never come here. Rule source: issue 6, item 4; design, section 4, promise 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callcamp_sync.api.discretion import discreet
from callcamp_sync.errors import ExitCode
from callcamp_sync.night import JobResult, Night
from callcamp_sync.report.documents import zulu
from callcamp_sync.report.terminal import clean
from callcamp_sync.settings import Settings

SCHEMA = "callcamp-sync/alert/1"

#: The settings that say who is told of what.
TOLD_BY = ("notify", "webhook", "notify_command", "notify_urls", "ping")


@dataclass(frozen=True, slots=True)
class Item:
    """One job's end beside how it stood before. before: null where it never ran."""

    result: JobResult
    before: str | None

    @property
    def changed(self) -> bool:
        """Whether the job stands otherwise than before. A first run that goes well is no news."""
        return self.result.state != (self.before or ExitCode.OK.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Something to deliver. kind: webhook, command or addresses. to: where; never shown."""

    kind: str
    to: tuple[str, ...] = field(repr=False)
    title: str
    text: str
    document: dict[str, Any]


def wanted(item: Item, when: str) -> bool:
    """when: change, always or failure."""
    return {"always": True, "failure": not item.result.good}.get(when, item.changed)


def letters(night: Night, items: Sequence[tuple[Item, Settings]]) -> list[Letter]:
    """One letter for each place, with every job that it wants to hear of; none for a place without news."""
    places: dict[tuple[str, tuple[str, ...]], list[Item]] = {}
    for item, settings in items:
        if wanted(item, settings.notify):
            for place in _places(settings):
                places.setdefault(place, []).append(item)
    return [_letter(kind, to, night, news) for (kind, to), news in places.items()]


def pings(items: Iterable[tuple[bool, Settings]]) -> dict[str, bool]:
    """Ping address -> whether all of its jobs did their work."""
    found: dict[str, bool] = {}
    for good, settings in items:
        if settings.ping is not None:
            url = settings.ping.get_secret_value()
            found[url] = found.get(url, True) and good
    return found


def masked(words: str | None) -> str | None:
    """Words without numbers and addresses of people, on one line."""
    return discreet(clean(words), ()) if words else words


def _places(settings: Settings) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = []
    if settings.webhook is not None:
        found.append(("webhook", (settings.webhook.get_secret_value(),)))
    if settings.notify_command is not None:
        found.append(("command", (settings.notify_command,)))
    if settings.notify_urls:
        found.append(("addresses", tuple(url.get_secret_value() for url in settings.notify_urls)))
    return found


def _letter(kind: str, to: tuple[str, ...], night: Night, news: Sequence[Item]) -> Letter:
    bad = [item for item in news if not item.result.good]
    again = [item for item in news if item.result.good and item.changed and item.before not in (None, ExitCode.OK.label)]
    title = f"callcamp-sync: {_jobs(len(bad))} failed" if bad else "callcamp-sync: all is well"
    if not bad and again:
        title = f"callcamp-sync: {_jobs(len(again))} changed"
    text = "\n".join(_lines(item) for item in news)
    return Letter(kind=kind, to=to, title=title, text=text, document=_document(night, news, title, text))


def _lines(item: Item) -> str:
    result = item.result
    told = f"{result.job}: {result.state}" + (f" (before: {item.before})" if item.changed and item.before else "")
    counts = ", ".join(f"{count} {name}" for name, count in result.counts.items() if count)
    more = [masked(result.message), masked(result.hint), counts or None]
    return "\n  ".join([told, *(words for words in more if words)])


def _document(night: Night, news: Sequence[Item], title: str, text: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "text": f"{title}\n{text}",
        "night": night.id,
        "version": night.version,
        "started_at": zulu(night.started_at),
        "finished_at": zulu(night.finished_at),
        "exit": {"code": night.exit_code, "name": night.exit_name},
        "report": night.folder,
        "jobs": [_job(item) for item in news],
    }


def _job(item: Item) -> dict[str, Any]:
    result = item.result
    return {
        "job": result.job,
        "campaign": masked(result.campaign_name or result.campaign),
        "exit": {"code": result.exit_code, "name": result.exit_name},
        "state": result.state,
        "before": item.before,
        "changed": item.changed,
        "message": masked(result.message),
        "hint": masked(result.hint),
        "rows": result.rows,
        "counts": dict(result.counts),
        "missing": dict(result.missing),
        "waiting": result.waiting,
        "codes": dict(result.codes),
        "guards": guards_of(result),
        "seconds": round(result.seconds, 1),
        "run": result.run_id,
        "folder": result.folder,
    }


def guards_of(result: JobResult) -> list[Mapping[str, Any]]:
    """The guards that tripped, with their numbers."""
    return [
        {"name": guard.name, "limit": guard.limit, "actual": guard.actual, "flag": guard.flag}
        for guard in result.guards
        if guard.tripped
    ]


def _jobs(count: int) -> str:
    return "1 job" if count == 1 else f"{count} jobs"
