"""`template`: a workbook to fill in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from callcamp_sync.cli.options import CampaignOpt, Common, command


@command("connection")
def template(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FILE.xlsx", help="The workbook; never one that is there.")],
    campaign: CampaignOpt = None,
    *,
    common: Common,
    flags: dict[str, Any],
) -> int:
    """Write a workbook for a campaign, with drop-downs and checks from its record type; it needs no mapping file."""
    from callcamp_sync import template as templates
    from callcamp_sync.cli import running

    settings = running.load_settings(common, flags)
    templates.check_target(output)
    with running.progress(common.voice) as progress:
        bench = running.bench(settings, common, progress)
        info, record_type = running.run(lambda: templates.read_template(bench, campaign), bench.stop, common.voice)
    for notice in (*record_type.notices, *templates.write_template(info, record_type, output)):
        common.voice.warn(notice)
    if common.voice.as_json:
        columns = [question.heading for question in templates.template_form(record_type).questions]
        common.voice.data({"path": str(output), "campaign": info.uuid, "columns": columns})
    else:
        common.voice.text(f"a workbook for {info.name} written to {output}: fill in the tab `Contacts`")
    return 0
