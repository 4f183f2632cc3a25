"""For cron: lines of a crontab. Cron does not catch up, and tells nobody but by mail: `ping` is what notices a night that was
missed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from callcamp_sync.jobs.forms.groups import File, Group, Made, Site, plain_fields


def form(groups: Sequence[Group], site: Site) -> Made:
    """One crontab. The zone stands above each line that needs another one than the line before."""
    lines = ["# callcamp-sync: for the crontab of the user that owns the state folder (`crontab -e`)", "SHELL=/bin/sh"]
    zone = None
    for group in groups:
        plain_fields(group, "cron", both=True)
        if group.schedule.zone != zone:
            zone = group.schedule.zone
            lines.append(f"CRON_TZ={zone}")
        lines.append(f"{group.schedule.text} {command(group, site)}")
    text = "\n".join(lines) + "\n"
    notices = ("the cron of Debian and Ubuntu does not know `CRON_TZ`: there the machine's zone counts, or use `systemd`",)
    return Made(files=(File("callcamp-sync.crontab", text),), notices=notices)


def command(group: Group, site: Site) -> str:
    """The command of a crontab line, where an unescaped % ends the command."""
    return f"cd {shlex.quote(site.folder)} && {group.shell(site)} --quiet".replace("%", r"\%")
