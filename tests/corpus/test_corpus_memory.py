"""Files that are made to fill the memory: each is read or refused by one line, in less than a gigabyte, and the process lives.

Here each has a few megabytes, and the bound is what these few may cost; `make hostile` makes them as large as HOSTILE_MEGABYTES
says and bounds them by a gigabyte, the child's memory included.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import large
import pytest

MEGABYTES = int(os.environ.get("HOSTILE_MEGABYTES", "6"))
SMALL = MEGABYTES < 50
#: Megabytes of this process, of which Python, polars and fastexcel take 100; and of its child, which is stopped by its own limit.
BOUND, CHILD_BOUND = 250 if SMALL else 1_000, 1_000

_READ = """
import json, resource, sys
from callcamp_sync.errors import SheetError
from callcamp_sync.sheets import read_sheet
try:
    sheet = read_sheet(sys.argv[1], hidden_rows="include")
    said = f"{sheet.frame.height} rows"
except SheetError as refused:
    said = str(refused)
# The peak of this process by itself: what getrusage says begins with the size of whoever started it.
own = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(json.dumps({"said": said, "own": own // 1000, "child": child // 1000}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
@pytest.mark.parametrize(("name", "made"), large.LARGE.values(), ids=large.LARGE)
def test_a_file_made_to_fill_the_memory_does_not(tmp_path: Path, name: str, made: Callable[[Path, int], None]) -> None:
    path = tmp_path / name
    made(path, MEGABYTES)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "POLARS_MAX_THREADS": "2"}
    ended = subprocess.run(
        [sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=False, env=environ, timeout=900
    )
    assert ended.returncode == 0, ended.stderr[-500:]
    told = json.loads(ended.stdout)
    sys.stdout.write(f"{made.__name__}: {path.stat().st_size / 1e6:.1f} MB, {told}\n")
    assert "\n" not in told["said"]
    assert len(told["said"].replace(str(tmp_path), "")) < 300
    assert told["own"] < BOUND, told
    assert told["child"] < CHILD_BOUND, told
