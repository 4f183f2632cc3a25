"""`python docs/pictures.py FOLDER [--keep]`: pictures of the workbooks and of the report, as people see them.

In:  a folder. Out: PNG files in it: template, fix, export and report workbook, page by page, and report.html light, dark, on a
phone and on paper. With --keep, small ones of the first pages also go to docs/pictures/, which the pages of this folder show.
Everything is made by the program itself, from sample_data and against the Callcamp on this machine; nothing leaves it.
Needs LibreOffice, Chromium and poppler (Debian: apt-get install libreoffice-calc chromium poppler-utils).
"""

from __future__ import annotations

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import openpyxl

from callcamp_sync.sandbox import Sandbox
from callcamp_sync.sandbox.sample import sample_world

ROOT = Path(__file__).parents[1]
CAMPAIGN = "Spring renewals"
#: What is kept in docs/pictures/: of workbooks, how much of the first page is shown (width and height, from the upper left).
SCREENS = {"report-light": "report", "report-phone": "report-phone"}
BOOKS = {"report": (1060, 330), "template": (1060, 130), "fix": (1060, 330), "export": (1060, 330)}
_DARK = "--blink-settings=preferredColorScheme=0"
_COLUMNS = ("Phone", "First name", "Last name", "Country", "Company", "Plan", "Renewal date", "Status")
_MOST = 150_000
_CHROMIUM = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage", "--no-first-run")


def main() -> int:
    """Make the things, then their pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--keep", action="store_true", help="renew docs/pictures/")
    asked = parser.parse_args()
    programs = {name: shutil.which(name) for name in ("soffice", "chromium", "pdftoppm")}
    if missing := [name for name, place in programs.items() if place is None]:
        sys.stderr.write(f"not found: {', '.join(missing)}\nhint: apt-get install libreoffice-calc chromium poppler-utils\n")
        return 2
    asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        made = _things(Path(scratch))
        for book in made:
            if book.suffix == ".xlsx":
                _workbook(book, asked.folder, Path(scratch))
        _page(next(one for one in made if one.suffix == ".html"), asked.folder, Path(scratch))
        return _keep(asked.folder, Path(scratch)) if asked.keep else 0


def _things(folder: Path) -> list[Path]:
    """What the program makes: a sync of the sample sheet, the template, the export after a change."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("CALLCAMP_")}
    with (ROOT / "sample_data" / "leads.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))[:240]
    with (folder / "leads.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, _COLUMNS, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    shutil.copy(ROOT / "mappings" / "generic.toml", folder / "mapping.toml")
    with Sandbox(sample_world(ROOT / "sample_data")) as box:
        environ |= {"CALLCAMP_BASE_URL": box.base_url, "CALLCAMP_TOKEN": box.token, "CALLCAMP_STATE_DIR": str(folder / "state")}

        def run(*words: str) -> None:
            command = [sys.executable, "-m", "callcamp_sync", *words, "-c", CAMPAIGN, "--no-input", "-q"]
            subprocess.run(command, cwd=folder, env=environ, check=False, stdout=subprocess.DEVNULL)

        run("export", "-o", "before.xlsx")
        run("sync", "leads.csv", "-m", "mapping.toml", "--yes", "--settle-seconds", "0", "--report-dir", "reports")
        run("template", "-o", "template.xlsx")
        run("export", "-o", "export.xlsx", "--calls")
    report = next((folder / "reports").iterdir())
    return [
        folder / "template.xlsx",
        folder / "export.xlsx",
        *(report / name for name in ("report.xlsx", "fix.xlsx", "report.html")),
    ]


def _workbook(book: Path, folder: Path, scratch: Path) -> None:
    """Each page of the workbook; of wide forms, the left half, so that it can be read."""
    if book.stem in ("template", "fix"):
        opened = openpyxl.load_workbook(book)
        for sheet in opened:
            sheet.page_setup.fitToWidth = 3 if book.stem == "template" else 2
        book = scratch / book.name
        opened.save(book)
    home = f"-env:UserInstallation={(scratch / 'office').as_uri()}"
    subprocess.run(
        ["soffice", home, "--headless", "--convert-to", "pdf", "--outdir", str(scratch), str(book)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (scratch / f"{book.stem}.pdf").rename(scratch / f"{book.name}.pdf")
    _pages(scratch / f"{book.name}.pdf", folder / book.name, "-l", "9")


def _pages(pdf: Path, target: Path, *more: str) -> None:
    subprocess.run(["pdftoppm", "-png", "-r", "90", *more, str(pdf), str(target)], check=True)


def _page(html: Path, folder: Path, scratch: Path) -> None:
    looks = {
        "report-light": ("--window-size=1000,900",),
        "report-dark": ("--window-size=1000,900", _DARK),
        "report-phone": ("--window-size=390,800", _DARK),
        "report-phone-light": ("--window-size=390,2400",),
    }
    for name, more in looks.items():
        _chromium(scratch, *more, f"--screenshot={folder / f'{name}.png'}", html.as_uri())
    _chromium(scratch, "--no-pdf-header-footer", f"--print-to-pdf={scratch / 'report.html.pdf'}", html.as_uri())
    _pages(scratch / "report.html.pdf", folder / "report-print", "-l", "9")


def _chromium(scratch: Path, *words: str) -> None:
    command = ["chromium", *_CHROMIUM, f"--user-data-dir={scratch / 'chromium'}", *words]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120)


def _keep(folder: Path, scratch: Path) -> int:
    """Renew docs/pictures/. Returns an exit code."""
    kept = ROOT / "docs" / "pictures"
    for name, target in SCREENS.items():
        shutil.copyfile(folder / f"{name}.png", kept / f"{target}.png")
    for name, (width, height) in BOOKS.items():
        part = ("-singlefile", "-x", "0", "-y", "30", "-W", str(width), "-H", str(height))
        _pages(scratch / f"{name}.xlsx.pdf", kept / f"{name}-workbook", *part)
    large = [one.name for one in kept.glob("*.png") if one.stat().st_size > _MOST]
    if large:
        sys.stderr.write(f"larger than {_MOST:,} bytes: {', '.join(large)}\n")
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
