"""`init`: a folder to work in, with settings, a mapping and a sample sheet. What is there already is never changed.

In:  a folder. Out: its files, and of each whether it was written or kept. I/O: disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from callcamp_sync import share
from callcamp_sync.errors import StateError

#: The campaign of `callcamp-sync sandbox`, in which the sample sheet can be tried.
SAMPLE_CAMPAIGN = "Spring renewals"

_SETTINGS = """\
# Settings of this folder. Which of them count, and where each comes from: callcamp-sync config show --origin
# Take a `#` away to set one. The token stands in none of these lines: `.env.example` says where it may stand.

# region = "GB"             # the country of numbers that are written without +
# max_remove = "5%"         # a guard: at most so many orders are canceled or removed in one run
# report_dir = "reports"    # where each run leaves its report

# [profiles.rehearsal]      # callcamp-sync plan ... --profile rehearsal
# base_url = "http://127.0.0.1:8080/api"
# state_dir = "rehearsal-state"
"""

_SECRETS = """\
# Copy this file to `.env`, run `chmod 600 .env`, and fill in one of these. `.env` is never committed (see .gitignore).
CALLCAMP_TOKEN=
# CALLCAMP_TOKEN_FILE=/run/secrets/callcamp-token
# CALLCAMP_TOKEN_COMMAND=pass show callcamp
# CALLCAMP_TOKEN_KEYRING=your-account
"""

_IGNORED = """\
.env
reports/
*-state/
fix.xlsx
plan.json
"""

#: Everyday headings; the last row has a number that is none, so that the first report has something to tell.
_SHEET = """\
Phone,First name,Last name,Email,Country,Company
+1 202-555-0141,Ann,Example,ann@example.com,United States,Acme Example Ltd
(202) 555-0142,Ben,Sample,ben@example.com,US,Beta Example Ltd
020 7946 0143,Cleo,Specimen,cleo@example.org,United Kingdom,Gamma Example Ltd
+44 20 7946 0144,Dan,Instance,dan@example.org,GB,Delta Example Ltd
12,Eve,Trial,eve@example.net,US,Epsilon Example Ltd
"""


@dataclass(frozen=True, slots=True)
class Placed:
    """A file of the folder. kept: it was there and stays as it was."""

    path: Path
    kept: bool


def begin(folder: Path) -> list[Placed]:
    """Write what the folder lacks. Raises StateError when something cannot be written."""
    mapping = share.folder("mappings") / "generic.toml"
    schema = "#:schema mapping.schema.json\n"
    files = {
        "callcamp.toml": _SETTINGS,
        ".env.example": _SECRETS,
        ".gitignore": _IGNORED,
        "leads.csv": _SHEET,
        "mappings/leads.toml": mapping.read_text(encoding="utf-8").removeprefix(schema),
    }
    return [_place(folder / name, text) for name, text in files.items()]


def _place(path: Path, text: str) -> Placed:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        if path.is_file():
            return Placed(path, kept=True)
        raise StateError(f"`{path}` is in the way: it is no file", hint="move it, or name another folder") from None
    except OSError as error:
        raise StateError(f"`{path}` cannot be written: {error.strerror}", hint="name a folder that you may write") from error
    return Placed(path, kept=False)
