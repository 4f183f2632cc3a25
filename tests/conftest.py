"""How random tests run everywhere.

No deadline, because no test asserts a time and the machine may be busy with other things. Where CI is set, the cases are the same
each time: a change is judged by what it changed. Elsewhere they are new each time, and a failure prints how to try it again.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

CI = bool(os.environ.get("CI"))

settings.register_profile(
    "steady",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=not CI,
    derandomize=CI,
    database=None if CI else settings.default.database,
)
settings.load_profile("steady")
