"""The report's counts as figures to draw: tiles, a bar of shares, a chart over time, facts of the run. Pure: no I/O, no markup.

In:  a model.Report, a timeline. Out: values in words and in percent of a drawing's width, which the page only places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from callcamp_sync.model import Report
from callcamp_sync.report.documents import plain, zulu
from callcamp_sync.report.forecasts import outturn
from callcamp_sync.report.terminal import counted, number
from callcamp_sync.report.timeline import Timeline
from callcamp_sync.report.tones import COLOURS, FATES, MEANINGS
from callcamp_sync.report.verdicts import changes_planned
from callcamp_sync.sheets.tabs import Colour

#: No share is drawn narrower than this many percent: one row of a million is to be seen, too.
_LEAST = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One count. share: of the whole, in words; colour: see tones."""

    name: str
    count: int
    share: str
    meaning: str
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One rectangle of a drawing that is 100 wide and 100 high. words: what it stands for."""

    x: float
    width: float
    colour: Colour
    words: str
    y: float = 0.0
    height: float = 100.0


def tiles(counts: Mapping[str, int]) -> tuple[Tile, ...]:
    """One tile an outcome, in the order of `counts`."""
    whole = sum(counts.values())
    return tuple(
        Tile(name=name, count=count, share=share(count, whole), meaning=MEANINGS.get(name, ""), colour=COLOURS.get(name, "grey"))
        for name, count in counts.items()
    )


def bar(counts: Mapping[str, int]) -> tuple[Piece, ...]:
    """`counts` side by side, 100 wide in all; () without any."""
    whole = sum(counts.values())
    wide = {name: max(100 * count / whole, _LEAST) for name, count in counts.items()} if whole else {}
    pieces, x = [], 0.0
    for name, width in wide.items():
        fitted = width * 100 / sum(wide.values())
        words = f"{name}: {number(counts[name])} ({share(counts[name], whole)})"
        pieces.append(Piece(x=round(x, 3), width=round(fitted, 3), colour=COLOURS.get(name, "grey"), words=words))
        x += fitted
    return tuple(pieces)


def share(count: int, whole: int) -> str:
    """`12.5 %`; what is not nothing is never shown as 0 %, what is not all never as 100 %."""
    percent = 100 * count / whole if whole else 0.0
    if 0 < percent < 0.1:
        return "under 0.1 %"
    if 99.9 < percent < 100:
        return "over 99.9 %"
    return f"{percent:.1f} %".replace(".0 %", " %")


def columns(line: Timeline) -> tuple[Piece, ...]:
    """The slots of a timeline as columns, each end stacked on the one before it; the highest column is 100 high."""
    highest = peak(line)
    pieces = []
    for nth, slot in enumerate(line.slots):
        floor = 100.0
        for fate, count in slot.items():
            height = 100 * count / highest
            floor -= height
            words = f"{nth * line.slot_ms / 1000:g} s: {number(count)} {fate}"
            width = 100 / len(line.slots)
            pieces.append(
                Piece(
                    x=round(nth * width, 3),
                    width=round(width * 0.85, 3),
                    y=round(floor, 3),
                    height=round(height, 3),
                    colour=FATES.get(fate, "grey"),
                    words=words,
                )
            )
    return tuple(pieces)


def peak(line: Timeline) -> int:
    """The most operations that ended in one slot."""
    return max((sum(slot.values()) for slot in line.slots), default=0)


def requests(report: Report) -> str:
    """What went over the wire, in one sentence; reads are counted, too."""
    sent = report.requests
    words = f"{counted(sent.sent, 'request')} in all, reading included"
    return f"{words}; {number(sent.retried)} of them again, {number(sent.throttled)} slowed down by the server"


def read_back(report: Report) -> str:
    """How the claims of the report were checked, in one sentence."""
    if report.mismatches:
        return f"{counted(report.checked, 'order')} read back; {counted(len(report.mismatches), 'claim')} did not hold"
    if report.checked:
        return f"{counted(report.checked, 'order')} read back, all as claimed"
    return "nothing was read back" if changes_planned(report) and not report.dry_run else "there was nothing to read back"


def facts(report: Report) -> tuple[tuple[str, str], ...]:
    """What the run was, (label, words), for the end of the page."""
    source, campaign = report.source, report.campaign
    tab = f", tab {source.sheet}" if source.sheet else ""
    form = ", ".join(word for word in (source.encoding, f"delimiter {source.delimiter!r}" if source.delimiter else None) if word)
    lines = [
        ("Campaign", f"{campaign.name} ({campaign.uuid})" if campaign else ""),
        ("Sheet", f"{source.path}{tab}: {counted(source.rows, 'row')}, {counted(source.blank_rows, 'blank one')}"),
        ("Read as", form),
        ("SHA-256 of the file", source.sha256),
        ("Command", f"{report.command}{', dry run: nothing was sent' if report.dry_run else ''}"),
        ("Run", report.run_id),
        ("Started, ended", f"{zulu(report.started_at)}, {zulu(report.finished_at)}"),
        ("Exit code", f"{report.exit_code} ({report.exit_name})"),
        ("Requests", requests(report)),
        ("Forecast", outturn(report)),
        ("Read back", read_back(report)),
        ("Version", report.version),
        ("Folder", report.folder or ""),
    ]
    settings = [(f"Setting {name}", str(value)) for name, value in plain(report.settings).items() if value not in (None, [], "")]
    return tuple((label, words) for label, words in [*lines, *settings] if words)
