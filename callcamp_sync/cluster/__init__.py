"""Work sent to other processes and machines, through dask (extra `cluster`): a night's jobs, and the partitions of a sheet.

In:  the jobs of a night, or the partitions of a sheet, and where to send them. Out: what the same work gives here.
Rules: nothing is decided here that is not decided without it: a job is the same function, a partition the same rows. Journal,
ledger, locks and the pace that was learned stay in the state folder, which every worker must reach; so a job whose worker died is
simply done again, by the rules that any second run keeps. Rule source: issue 6, item 6; docs/nightly.md, "Many machines".
"""

from callcamp_sync.cluster.nights import run_night
from callcamp_sync.cluster.opened import check
from callcamp_sync.cluster.partitions import Partitions

__all__ = ["Partitions", "check", "run_night"]
