"""What the tests of the simulator share. They are independent of one another, so that they run on all cores."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
