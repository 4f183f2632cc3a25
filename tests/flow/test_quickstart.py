"""docs/quickstart.md, done: its commands in their order, as a newcomer pastes them, with what they are said to show."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import openpyxl
from flow_stage import Stage

PAGE = Path(__file__).parents[2] / "docs" / "quickstart.md"

#: Commands of the page that are not run here: the environment is there, and the sandbox serves already.
LEFT_OUT = ("sandbox", "demo", "--version", "campaigns list")
#: How each of the others ends; 0 where it is not named. The last section speaks of the reader's own campaign.
ENDS = {"plan": 3, "sync leads.csv": 3}


def commands() -> list[str]:
    text = PAGE.read_text("utf-8").split("## 8. The real one")[0]
    blocks = re.findall(r"^```\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line.split("    #")[0].strip() for block in blocks for line in block.splitlines()]
    found = [line.removeprefix("callcamp-sync ") for line in lines if line.startswith("callcamp-sync ")]
    return [line for line in found if not line.startswith(LEFT_OUT)]


def correct(stage: Stage) -> None:
    """What step 6 asks of the reader."""
    (path,) = stage.folder.glob("reports/*/fix.xlsx")
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    assert sheet["A2"].value == "12"
    sheet["A2"] = "+1 202-555-0145"
    book.save(stage.folder / "fix.xlsx")


def test_the_page_can_be_followed_from_top_to_bottom(stage: Stage) -> None:
    done = []
    for line in commands():
        words = shlex.split(line)
        if line.startswith("sync fix.xlsx"):
            correct(stage)
        ended = stage.here(*words, *(["--yes"] if words[0] == "sync" else []))
        wanted = next((code for begins, code in ENDS.items() if line.startswith(begins)), 0)
        assert ended.code == wanted, f"{line}: {ended.out}{ended.err}"
        done.append((words[0], ended.out))
        if words[0] == "init":
            stage.folder /= words[1]
    assert [name for name, _ in done] == ["init", "doctor", "plan", "sync", "sync", "export"]
    assert (stage.folder / "status.xlsx").is_file()
    assert len(stage.orders()) == 30 + 5


def test_what_the_plan_is_said_to_show_is_what_it_shows(stage: Stage) -> None:
    """The page's sandbox has 20 orders, this one 30; ids and commands are shortened there."""
    stage.here("init")
    (line,) = (line for line in commands() if line.startswith("plan"))
    shown = stage.here(*shlex.split(line)).out
    told = PAGE.read_text("utf-8").split("```\nPlanned, ")[1].split("```")[0]
    for row in ("Planned, " + told).splitlines():
        kept = re.sub(r"-c …$", "-c ", row).replace("kept 20", "kept 30")
        assert kept in shown
