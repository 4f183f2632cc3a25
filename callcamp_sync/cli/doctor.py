"""`doctor`: is everything there that a run needs?"""

from __future__ import annotations

from typing import Any

from callcamp_sync.cli.options import CampaignOpt, Common, MappingOpt, command
from callcamp_sync.errors import ExitCode


@command("connection")
def doctor(campaign: CampaignOpt = None, mapping: MappingOpt = None, *, common: Common, flags: dict[str, Any]) -> int:
    """Check Python, folders, token, campaign, record type and mapping; name one cure for each fault.

    The exit code is that of the first fault: a run would end there.
    """
    from callcamp_sync import checks
    from callcamp_sync.cli import running

    bench = running.bench(running.load_settings(common, flags), common)

    async def work() -> list[checks.Check]:
        return [check async for check in checks.look(bench, campaign=campaign, mapping=mapping)]

    found = running.run(work, bench.stop, common.voice)
    if common.voice.as_json:
        common.voice.data([{"name": c.name, "ok": c.ok, "found": c.found, "cure": c.cure} for c in found])
    else:
        for check in found:
            common.voice.text(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.found}")
            if check.cure:
                common.voice.text(f"      {check.cure}")
    return next((check.exit_code for check in found if not check.ok), ExitCode.OK)
