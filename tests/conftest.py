"""How random tests and async tests run everywhere.

Random ones: no deadline, because no test asserts a time and the machine may be busy with other things. Where CI is set, the
cases are the same each time: a change is judged by what it changed. Elsewhere they are new each time, and a failure prints how to
try it again.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("same", settings.get_profile("steady"), derandomize=True, database=None)
settings.load_profile("same" if os.environ.get("CI") else "steady")


@pytest.fixture
def anyio_backend() -> str:
    """The one event loop that the program runs in: aiohttp knows no other."""
    return "asyncio"
