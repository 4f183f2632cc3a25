"""For Kubernetes: one CronJob a group. Forbid: a night that still runs is not run twice.

The volume holds callcamp.toml, what arrives, reports and the state folder; the secret holds the token.
Rule source: Kubernetes API reference, CronJob v1 batch; its cron text has no 7 for Sunday, no L and no #.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from callcamp_sync import __version__
from callcamp_sync.errors import UsageError
from callcamp_sync.jobs.forms.groups import GOOD_ENOUGH, File, Group, Made, Site, plain_fields, posix

#: A CronJob's name leaves room for what its jobs add to it.
_LONGEST = 52

_CRONJOB = """\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {name}
  labels:
    app.kubernetes.io/name: callcamp-sync
spec:
  schedule: {cron}
  timeZone: {zone}
  concurrencyPolicy: Forbid
  # A start that was missed is made up for within an hour.
  startingDeadlineSeconds: 3600
  successfulJobsHistoryLimit: 3
  failedJobsHistoryLimit: 3
  jobTemplate:
    spec:
      # The next night, or `jobs run`, settles what is open; the same night again would only ask the same.
      backoffLimit: 0
      template:
        metadata:
          labels:
            app.kubernetes.io/name: callcamp-sync
        spec:
          restartPolicy: Never
          # After SIGTERM what is under way ends and the report is written.
          terminationGracePeriodSeconds: 120
          automountServiceAccountToken: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 10001
            fsGroup: 10001
          containers:
            - name: callcamp-sync
              image: {image}
              workingDir: /data
              # Exit {good}: rows were rejected or held, all else is done.
              command: ["sh", "-c", {command}]
              env:
                - name: CALLCAMP_TOKEN
                  valueFrom:
                    secretKeyRef:
                      name: callcamp-token
                      key: token
                - name: CALLCAMP_STATE_DIR
                  value: /data/state
              securityContext:
                allowPrivilegeEscalation: false
                capabilities:
                  drop: ["ALL"]
              volumeMounts:
                - name: work
                  mountPath: /data
          volumes:
            - name: work
              persistentVolumeClaim:
                claimName: callcamp-sync
"""


def form(groups: Sequence[Group], site: Site) -> Made:
    """One file a group."""
    files = tuple(File(f"callcamp-sync-{group.name}.yaml", _cronjob(group, site)) for group in groups)
    return Made(
        files=files,
        notices=(
            "they need an image `callcamp-sync`, a secret `callcamp-token` (key `token`), and a volume claim `callcamp-sync` "
            "that holds callcamp.toml; its file system must have flock",
        ),
    )


def _cronjob(group: Group, site: Site) -> str:
    fields = plain_fields(group, "Kubernetes")
    name = f"callcamp-sync-{group.name}"
    if len(name) > _LONGEST:
        raise UsageError(
            f"`{name}` is too long for the name of a CronJob ({_LONGEST} characters)", hint="give the job a shorter name"
        )
    return _CRONJOB.format(
        name=name,
        cron=json.dumps(posix(fields)),
        zone=json.dumps(group.schedule.zone),
        image=json.dumps(f"callcamp-sync:{__version__}"),
        good=GOOD_ENOUGH,
        command=json.dumps(f"{group.shell(site, 'callcamp-sync')} || test $? -eq {GOOD_ENOUGH}"),
    )
