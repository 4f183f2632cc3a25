"""`hygiene`: what is odd about a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from callcamp_sync.cli.options import Common, command
from callcamp_sync.errors import ExitCode

if TYPE_CHECKING:
    from callcamp_sync.hygiene import Hygiene

#: So many lines of a finding are shown on a terminal.
_MOST_LINES = 10


@command("connection")
def hygiene(
    campaign: Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's uuid or unique name.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.xlsx", help="Write every line.", show_default=False)
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Read no other campaign, and no contacts: fewer requests.")] = False,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Look for what is odd about a campaign: double orders, wrong numbers, double plans, Do Not Call elsewhere. Changes nothing.

    Exit 3 when something was found. Numbers are masked unless `-v` is said; the workbook and `--json` have them whole.
    """
    from callcamp_sync import hygiene as hygienes
    from callcamp_sync.cli import running

    settings = running.load_settings(common, flags)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress)
        found = running.run(lambda: hygienes.look(bench, campaign, alone=alone), bench.stop, common.voice)
    said = hygienes.write(found, output) if output is not None else ()
    for notice in (*found.notices, *said):
        common.voice.warn(notice)
    if common.voice.as_json:
        common.voice.data(_document(found, output))
    else:
        common.voice.text("\n".join(_lines(found, verbose=common.voice.verbose)))
        if output is not None:
            common.voice.say(f"every line: {output}")
    return ExitCode.ROWS if found.findings.height else ExitCode.OK


def _document(found: Hygiene, output: Path | None) -> dict[str, Any]:
    return {
        "campaign": {"uuid": found.campaign.uuid, "name": found.campaign.name},
        "orders": found.orders,
        "campaigns": found.campaigns,
        "counts": found.counts,
        "findings": found.findings.to_dicts(),
        "notices": list(found.notices),
        "path": str(output) if output else None,
    }


def _lines(found: Hygiene, *, verbose: bool) -> list[str]:
    """The table: what was looked for, how often it was found, and the first lines of each."""
    from callcamp_sync.explaining import masked
    from callcamp_sync.hygiene import KINDS

    lines = [f"{found.campaign.name}: {found.orders} orders, {found.campaigns} other campaigns read", ""]
    lines += [f"{count:>7}  {kind}: {KINDS[kind][0].lower()}" for kind, count in found.counts.items()]
    for kind, count in found.counts.items():
        part = [line for line in found.findings.to_dicts() if line["finding"] == kind]
        if part:
            lines += ["", f"{kind}: {KINDS[kind][1]}"]
        lines += [f"  {_line(line) if verbose else masked(_line(line))}" for line in part[:_MOST_LINES]]
        if count > _MOST_LINES:
            lines.append(f"  and {count - _MOST_LINES} more (-o FILE.xlsx has all)")
        if part:
            lines.append(f"  cure: {KINDS[kind][2]}")
    return lines


def _line(line: dict[str, Any]) -> str:
    there = (
        f"{line['other_campaign']} (order {line['other_order_uuid']}, {line['other_status']})" if line["other_campaign"] else ""
    )
    what = f"order {line['order_uuid']}" if line["order_uuid"] else f"contact {line['record_uuid']}"
    return "  ".join(part for part in (line["phone"] or "-", what, line["status"] or "", there, line["detail"] or "") if part)
