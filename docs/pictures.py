"""Makes `docs/pictures/`: the report's page and the workbooks, as they look. `python docs/pictures.py` makes them anew.

In:  nothing but programs on the path: chromium, LibreOffice (`soffice`), `pdftoppm`. Out: PNG files.
Everybody on them is made up (sample_data); the Callcamp behind them is the sandbox. I/O: processes, disk, loopback.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from callcamp_sync import export_status, project, rehearsal, run, template, validate
from callcamp_sync.bench import Bench

FOLDER = Path(__file__).parent / "pictures"

#: So many rows of the sample sheet: enough for every kind of outcome, few enough to be drawn.
_ROWS = 150
_SECONDS = 180


#: Picture -> (workbook, dots an inch, what is cut out of its first page in inches: left, top, width, height).
_BOOKS = {
    "report-workbook.png": ("report.xlsx", 150, (0.6, 0.6, 9.6, 2.7)),
    "status.png": ("status.xlsx", 150, (0.6, 0.6, 9.6, 2.3)),
    "fix.png": ("fix.xlsx", 150, (0.6, 0.6, 9.6, 0.9)),
    "template.png": ("contacts.xlsx", 420, (0.6, 0.7, 3.4, 0.25)),
}


def main() -> int:
    """Make every picture; says which program is missing, if one is."""
    missing = [name for name in ("chromium", "soffice", "pdftoppm") if shutil.which(name) is None]
    if missing:
        sys.stderr.write(f"not on the path: {', '.join(missing)}\n")
        return 2
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        report = _perform()
        page(report / "report.html", FOLDER / "report-page.png")
        shutil.copy(report / "report.xlsx", ".")
        for picture, (book, dots, part) in _BOOKS.items():
            workbook(Path(book), FOLDER / picture, dots, part)
    return 0


def _perform() -> Path:
    """Sync, export, check a sheet, write a template, all in the current folder; the run's folder."""
    with rehearsal.stage(rows=_ROWS, report_dir=Path("reports")) as play:
        shutil.copy(str(play.request.sheet), "leads.csv")
        shutil.copy(str(play.request.mapping), "generic.toml")
        play.request = replace(play.request, sheet="leads.csv", mapping=Path("generic.toml"), command="sync")
        play.mishaps.set = True  # nothing goes wrong this time
        report = play.sync()
        run(export_status("status.xlsx", campaign=rehearsal.CAMPAIGN, settings=play.settings))
        campaign, record_type = run(template.read_template(Bench(settings=play.settings), rehearsal.CAMPAIGN))
        template.write_template(campaign, record_type, Path("contacts.xlsx"))
        project.begin(Path("work"))
        sheet, mapping = "work/leads.csv", Path("work/mappings/leads.toml")
        run(validate(sheet, campaign=rehearsal.CAMPAIGN, mapping=mapping, fix_file=Path("fix.xlsx"), settings=play.settings))
    assert report.folder is not None
    return Path(report.folder)


def page(source: Path, target: Path) -> None:
    """The top of a page."""
    flags = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1280,1400")
    _call("chromium", *flags, f"--screenshot={target}", source.resolve().as_uri())


def workbook(source: Path, target: Path, dots: int, part: tuple[float, float, float, float]) -> None:
    """A part of a workbook's first page, as it would be printed. part: left, top, width, height, in inches."""
    home = f"-env:UserInstallation={(Path.cwd() / 'office').as_uri()}"
    _call("soffice", home, "--headless", "--convert-to", "pdf", str(source))
    box = [word for flag, inches in zip("xyWH", part, strict=True) for word in (f"-{flag}", str(round(inches * dots)))]
    pdf, name = str(source.with_suffix(".pdf")), str(target.with_suffix(""))
    _call("pdftoppm", "-png", "-r", str(dots), *box, "-f", "1", "-l", "1", "-singlefile", pdf, name)


def _call(*words: str) -> None:
    environ = {**os.environ, "NO_AT_BRIDGE": "1"}
    subprocess.run(words, check=True, capture_output=True, timeout=_SECONDS, env=environ)  # noqa: S603 - our own words


if __name__ == "__main__":
    sys.exit(main())
