"""Fixtures of the browser tests: Chromium, axe-core. Where one of them is missing, a test is skipped and says what it needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import Browser, opened

# The hand-made reports of the unit tests are shown here, too.
sys.path.append(str(Path(__file__).parents[1] / "unit"))

AXE = "axe-core@4.14.1"


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if driver is None or chromium is None:
        pytest.skip("needs Chromium and its driver (Debian: apt-get install chromium chromium-driver)")
    with opened(driver, chromium, tmp_path_factory.mktemp("chromium")) as made:
        yield made


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The source of axe-core: the file that AXE_CORE names, else what npm brings into a scratch folder."""
    if named := os.environ.get("AXE_CORE"):
        return Path(named).read_text("utf-8")
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("needs axe-core: npm is missing, and AXE_CORE names no file")
    folder = tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), AXE]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=folder)
    if ended.returncode:
        pytest.skip(f"needs axe-core, and npm could not bring it: {ended.stderr.strip().splitlines()[-1:]}")
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
