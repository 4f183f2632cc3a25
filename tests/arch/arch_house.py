"""The house: which rooms the package has, who may know whom, and where each library lives (docs/architecture.md)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

PACKAGE = "callcamp_sync"

ROOT = Path(__file__).parents[2]

#: A room is a module or a folder of the package. Each imports from its own layer (see ACQUAINTED) and from those before it.
LAYERS: Mapping[str, frozenset[str]] = {
    "base": frozenset(
        {"errors", "issues", "fields", "rules", "statuses", "frames", "model", "policy", "sides", "headings", "night"}
    ),
    "stages": frozenset(
        {
            *("mapping", "phones", "values", "schema", "matching", "merge", "missing"),
            *("diff", "guards", "steps", "plan_document", "drift", "reconcile", "arrivals", "forecast", "reminders"),
        }
    ),
    "composers": frozenset({"rows", "snapshot", "calls", "likeness", "mapping_text"}),
    "edges": frozenset(
        {
            *("sheets", "api", "journal", "journal_file", "journal_rows", "group_commit", "ledger", "lock", "private"),
            *("settings", "settings_layers", "tokens", "report", "audit", "sandbox", "share", "sending", "tally", "linking"),
            *("execution", "history", "alerts", "metrics", "bugs"),
        }
    ),
    "pipeline": frozenset(
        {
            *("planning", "settling", "resuming", "bench", "readback", "closing", "pipeline", "export", "checks", "suppression"),
            *("rehearsal", "mappings", "tracing", "explaining", "template", "fixes", "annotation", "project", "hygiene", "paces"),
            *("habits", "chronicle", "searching", "aside", "opening", "preparing", "study"),
        }
    ),
    "jobs": frozenset({"jobs"}),
    "cluster": frozenset({"cluster"}),
    "library": frozenset({"library"}),
    "cli": frozenset({"cli", "__main__"}),
}

#: Who may import whom inside one layer, each for a reason. Inside base, pipeline and cli everybody may, without going in circles.
ACQUAINTED: Mapping[str, frozenset[str]] = {
    "diff": frozenset({"missing"}),  # the orders without a row are the second half of the same decision
    "guards": frozenset({"diff"}),  # judges a Difference
    "reminders": frozenset({"drift"}),  # which knows the one step that says Do Not Call
    "steps": frozenset({"diff"}),  # turns a Difference into steps
    "plan_document": frozenset({"steps"}),  # a saved plan is read back by the digest of its steps
    "mapping_text": frozenset({"likeness"}),  # writes guesses down
    "journal": frozenset({"journal_file", "journal_rows", "group_commit"}),  # one room in four modules
    "journal_file": frozenset({"private"}),
    "history": frozenset({"journal_file", "journal_rows"}),  # another file of the same make
    "ledger": frozenset({"private"}),
    "lock": frozenset({"private"}),
    "api": frozenset({"private"}),  # the pace of the last run is kept among the private files
    "settings": frozenset({"settings_layers", "tokens"}),
    "report": frozenset({"sheets"}),  # rows.csv and report.xlsx
    "sending": frozenset({"api", "journal"}),  # intent first, then the request
    "tally": frozenset({"sending"}),  # counts what a Sender sends
    "linking": frozenset({"api", "sending", "tally"}),  # one phase of apply, in a room of its own
    "execution": frozenset({"api", "linking", "sending", "tally"}),
}

#: The stages that a composer puts together: no others.
COMPOSED: Mapping[str, frozenset[str]] = {
    "rows": frozenset({"mapping", "phones", "values", "schema", "merge"}),
    "snapshot": frozenset({"phones", "values"}),
    "likeness": frozenset({"phones", "values"}),
    "calls": frozenset({"values"}),
}

#: Where every exception is seen: the edge of the command line, and that of a job, whose bug must not take the night with it.
EDGES = ("cli.__init__", "jobs.work")

FRIENDLY = ("base", "pipeline", "cli")

#: What the command line may use beside the names of the library, each for a reason: a command that is a thing of its own.
SEAMS: Mapping[str, str] = {
    "audit": "`runs show` holds a trail against itself",
    "bugs": "what is said of a bug",
    "bench": "what a run works with: who is told of progress, what was asked for, the journal of `runs`",
    "checks": "`doctor`",
    "cluster": "`--engine dask`",
    "chronicle": "`runs list`",
    "errors": "exit codes, and what a message says",
    "explaining": "`explain`",
    "export": "which orders and columns are wanted; a campaign at a glance",
    "history": "`runs list`, `runs prune`, `jobs list`",
    "hygiene": "`hygiene`",
    "issues": "how long a cell is shown",
    "jobs": "`jobs`",
    "journal": "the type of what `runs` reads",
    "mapping": "`map schema`",
    "mappings": "`map`",
    "night": "what a night of jobs came to",
    "preparing": "`prepare`",
    "project": "`init`",
    "rehearsal": "`demo`",
    "report": "a plan or a report as text or document",
    "sandbox": "`sandbox`",
    "tally": "the type of what a signal stops",
    "settings": "`config show`",
    "suppression": "`dnc`",
    "template": "`template`",
    "tracing": "types of what `explain` and `map explain` tell",
}

#: Where each library lives, by room. One that is not listed lives nowhere, so a new one has to be entered here.
LIBRARIES: Mapping[str, frozenset[str]] = {
    "aiohttp": frozenset({"api"}),
    "anyio": frozenset(
        {
            "api",
            "group_commit",
            "execution",
            "tally",
            "linking",
            "planning",
            "readback",
            "searching",
            "pipeline",
            "rehearsal",
            "library",
            "cli",
        }
        | {"alerts", "aside", "jobs", "cluster", "opening", "preparing"}
    ),
    "apprise": frozenset({"alerts"}),
    "cronsim": frozenset({"jobs"}),
    "dask": frozenset({"cluster"}),
    "distributed": frozenset({"cluster"}),
    "fastexcel": frozenset({"sheets"}),
    "filelock": frozenset({"journal_file", "ledger", "lock", "cluster"}),
    "httpx": frozenset({"api", "alerts"}),
    "httpx_aiohttp": frozenset({"api"}),
    "isal": frozenset({"sheets"}),
    "keyring": frozenset({"tokens"}),
    "jinja2": frozenset({"report"}),
    "markupsafe": frozenset({"report"}),  # the text type of jinja2
    "openpyxl": frozenset({"sheets"}),
    "orjson": frozenset({"api", "ledger", "report", "sandbox", "alerts", "cli"}),
    "phonenumbers": frozenset({"phones"}),
    "platformdirs": frozenset({"settings"}),
    "polars": frozenset().union(*LAYERS.values())
    - {"settings", "settings_layers", "tokens", "sandbox", "share", "cli", "__main__"},
    "prometheus_client": frozenset({"metrics"}),
    "pydantic": frozenset({"api", "mapping", "settings", "jobs", "cluster"}),
    "pydantic_core": frozenset({"mapping"}),
    "pydantic_settings": frozenset({"settings", "settings_layers"}),
    "rapidfuzz": frozenset({"api", "mapping", "likeness", "settings_layers"}),
    "re2": frozenset({"schema", "sandbox", "sheets"}),
    "rich": frozenset({"cli"}),
    "sqlite3": frozenset({"journal", "journal_file", "journal_rows", "history"}),
    "starlette": frozenset({"sandbox"}),
    "tomlkit": frozenset({"mapping_text"}),
    "typer": frozenset({"cli"}),
    "uvicorn": frozenset({"sandbox"}),
    "xlsxwriter": frozenset({"sheets"}),
}

#: What rooms without input and output have no use for: files, network, processes, chance, the clock.
WORLDLY = frozenset(
    {
        *("asyncio", "ctypes", "getpass", "http", "io", "os", "pathlib", "random", "secrets", "select", "shutil", "signal"),
        *("socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib"),
    }
)

CLOCKS = frozenset({"now", "utcnow", "today"})

READERS = ("read_", "scan_")

MOST_LINES = 450

#: What `--help` does not wait for.
HEAVY = frozenset(
    {
        *("polars", "httpx", "aiohttp", "pydantic", "openpyxl", "fastexcel"),
        *("xlsxwriter", "phonenumbers", "anyio", "starlette", "rich"),
    }
)
