"""For Airflow 3: one file with a DAG a group. Times that were missed are not made up for: the next night takes the newest file
anyway.

Rule source: Airflow's CronTriggerTimetable and the standard provider's BashOperator, which marks a task skipped on exit 99: we
have none.
"""

from __future__ import annotations

from collections.abc import Sequence

from callcamp_sync.errors import UsageError
from callcamp_sync.jobs.forms.groups import GOOD_ENOUGH, File, Group, Made, Site

#: Endings of what the operator takes for a file to be rendered.
_TEMPLATES = (".sh", ".bash")

_HEAD = '''\
"""callcamp-sync jobs, written by `callcamp-sync jobs schedule airflow`."""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from airflow.timetables.trigger import CronTriggerTimetable
'''

_DAG = """
with DAG(
    dag_id={dag!r},
    schedule=CronTriggerTimetable({cron!r}, timezone={zone!r}),
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=12),
    tags=["callcamp-sync"],
):
    BashOperator(
        task_id="jobs_run",
        cwd={folder!r},
        # Exit {good}: rows were rejected or held, all else is done.
        bash_command={command!r},
        append_env=True,
        retries=0,
    )
"""


def form(groups: Sequence[Group], site: Site) -> Made:
    """One file, for the folder of DAGs."""
    return Made(
        files=(File("callcamp_sync_jobs.py", _HEAD + "".join(_dag(group, site) for group in groups)),),
        notices=("the worker needs `callcamp-sync` and callcamp.toml at the same paths, and the token in its environment",),
    )


def _dag(group: Group, site: Site) -> str:
    fields = group.schedule.fields
    if fields.both and fields.days and fields.weekdays:
        raise UsageError(
            f"Airflow cannot ask for a day of the month and a day of the week at once, as `{group.schedule.text}` does",
            hint="leave one of the two `*`, or use cron or systemd",
        )
    command = f"{group.shell(site)} || test $? -eq {GOOD_ENOUGH}"
    # Airflow reads both as templates of its own, and as the names of template files.
    if any(sign in text for sign in ("{{", "{%", "{#") for text in (command, site.folder)) or site.folder.endswith(_TEMPLATES):
        words = "a path with `{{`, `{%` or `{#`, or a folder that ends with `.sh`, cannot stand in an Airflow file"
        raise UsageError(words, hint="use another folder")
    return _DAG.format(
        dag=f"callcamp_sync_{group.name.replace('-', '_')}",
        cron=group.schedule.text,
        zone=group.schedule.zone,
        folder=site.folder,
        good=GOOD_ENOUGH,
        command=command,
    )
