"""For GitHub Actions: one workflow a group, on a runner of your own.

The runner must be one that keeps its disk: ledger, journal and history live in the state folder, and a hosted runner begins every
night without them. Rule source: GitHub's workflow syntax, `on.schedule` (with `timezone`, never oftener than every five minutes).
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from callcamp_sync import __version__
from callcamp_sync.jobs.forms.groups import GOOD_ENOUGH, File, Group, Made, Site, plain_fields, posix

_WORKFLOW = """\
name: {name}
on:
  schedule:
    - cron: {cron}
      timezone: {zone}
  workflow_dispatch: {{}}
permissions:
  contents: read
concurrency:
  group: {concurrency}
  cancel-in-progress: false
jobs:
  run:
    # A runner of your own: the state folder must outlive the run, and reports with contact data stay on your machine.
    runs-on: [self-hosted]
    timeout-minutes: 720
    env:
      CALLCAMP_TOKEN: ${{{{ secrets.CALLCAMP_TOKEN }}}}
      CALLCAMP_STATE_DIR: {state}
    steps:
      # What arrived, what was archived and the reports lie beside callcamp.toml, and stay.
      - uses: actions/checkout@v5
        with:
          clean: false
      - run: python3 -m venv "$RUNNER_TEMP/callcamp" && "$RUNNER_TEMP/callcamp/bin/pip" install --quiet callcamp-sync=={version}
      # Exit {good}: rows were rejected or held, all else is done.
      - run: {command}
"""


def form(groups: Sequence[Group], site: Site) -> Made:
    """One file a group, for .github/workflows."""
    files = tuple(File(f"callcamp-sync-{group.name}.yml", _workflow(group, site)) for group in groups)
    return Made(
        files=files,
        notices=("put them into .github/workflows beside callcamp.toml, and the token into the secret CALLCAMP_TOKEN",),
    )


def _workflow(group: Group, site: Site) -> str:
    fields = plain_fields(group, "GitHub Actions")
    run = group.shell(site, '"$RUNNER_TEMP/callcamp/bin/callcamp-sync"').replace("'\"", '"').replace("\"'", '"')
    return _WORKFLOW.format(
        name=json.dumps(f"callcamp-sync {group.name}"),
        cron=json.dumps(posix(fields)),
        zone=json.dumps(group.schedule.zone),
        concurrency=json.dumps(f"callcamp-sync-{group.name}"),
        state=json.dumps(site.state_dir),
        version=__version__,
        good=GOOD_ENOUGH,
        command=json.dumps(f"{run} || test $? -eq {GOOD_ENOUGH}"),
    )
