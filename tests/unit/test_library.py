"""The public library: its names, their docs, and every example run against a Callcamp in small, over HTTP."""

from __future__ import annotations

import doctest
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import callcamp_sync
from callcamp_sync import library
from callcamp_sync.errors import SheetError, StalePlanError, UsageError
from callcamp_sync.sandbox import Sandbox, demo_world

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "library.md"
SHEET = "Phone,First name,Company\n+12025550191,Ann,Acme\n+12025550192,Ben,Beta\n12,Cid,Gamma\n"


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as served:
        yield served


@pytest.fixture
def stage(box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A new world of 30 orders, `leads.csv` in the current folder, and settings in the environment."""
    box.reset(demo_world(30))
    (tmp_path / "leads.csv").write_text(SHEET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "BASE_URL": box.base_url,
        "TOKEN": box.token,
        "STATE_DIR": str(tmp_path / "state"),
        "SETTLE_SECONDS": "0.1",
    }.items():
        monkeypatch.setenv(f"CALLCAMP_{name}", value)
    return box


def names() -> dict[str, Any]:
    return {name: getattr(callcamp_sync, name) for name in callcamp_sync.__all__}


# --- names ----------------------------------------------------------------------------------------------------------------


def test_the_public_names_are_these_and_can_all_be_had() -> None:
    assert sorted(names()) == callcamp_sync.__all__
    assert set(callcamp_sync.__all__) <= set(dir(callcamp_sync))


def test_each_public_name_has_a_line_on_the_page_and_a_docstring_of_its_own() -> None:
    told = {line.split("`")[1] for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")}
    assert told == set(callcamp_sync.__all__)
    assert [name for name, thing in names().items() if not (thing.__doc__ or "").strip()] == []


def test_each_function_has_annotations_throughout() -> None:
    functions = [thing for thing in names().values() if inspect.isfunction(thing)]
    bare = [
        f"{function.__name__}({parameter.name})"
        for function in functions
        for parameter in inspect.signature(function).parameters.values()
        if parameter.annotation is parameter.empty
    ]
    assert (bare, len(functions)) == ([], 10)


def test_a_name_that_is_none_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'planned'"):
        getattr(callcamp_sync, "planned")  # noqa: B009 - a type checker would refuse the plain form, which is the point


def test_a_public_name_is_never_hidden_by_a_module_of_that_name() -> None:
    """`import callcamp_sync.plan` would put the module in the function's place."""
    modules = {path.stem for path in (ROOT / "callcamp_sync").iterdir()}
    assert modules & set(callcamp_sync.__all__) == set()


def test_importing_the_package_loads_no_library() -> None:
    program = (
        "import json, sys\nbefore = set(sys.modules)\nimport callcamp_sync\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert [name for name in json.loads(ended.stdout) if name.partition(".")[0] not in sys.stdlib_module_names] == [
        "callcamp_sync"
    ]


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "callcamp_sync" / "py.typed").is_file()


# --- examples -------------------------------------------------------------------------------------------------------------


def examples() -> list[Any]:
    finder = doctest.DocTestFinder(recurse=False)
    found = [test for name in callcamp_sync.__all__ for test in finder.find(getattr(callcamp_sync, name), name) if test.examples]
    page = doctest.DocTestParser().get_doctest(PAGE.read_text("utf-8"), {}, "library.md", str(PAGE), 0)
    return [pytest.param(test, id=test.name) for test in [*found, page]]


@pytest.mark.parametrize("example", examples())
def test_the_example_is_true(example: doctest.DocTest, stage: Sandbox) -> None:
    if example.name != "library.md":
        example.globs = {**vars(library), "run": library.run}
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    runner.run(example, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_every_function_but_the_one_that_needs_an_accident_has_an_example() -> None:
    functions = {name for name, thing in names().items() if inspect.isfunction(thing)}
    assert functions - {case.values[0].name for case in examples()} == {"resume"}


# --- what the examples do not say --------------------------------------------------------------------------------------------


def test_a_plan_that_was_saved_is_applied_from_its_file_and_once(stage: Sandbox) -> None:
    callcamp_sync.run(callcamp_sync.plan("leads.csv", campaign="Spring renewals", save_as=Path("plan.json")))
    report = callcamp_sync.run(callcamp_sync.apply("plan.json"))
    assert report.counts["created"] == 2
    with pytest.raises(StalePlanError, match="was applied by run"):
        callcamp_sync.run(callcamp_sync.apply(Path("plan.json")))


def test_without_anything_to_resume_resume_says_so(stage: Sandbox) -> None:
    with pytest.raises(callcamp_sync.SyncError, match="no run has left anything open"):
        callcamp_sync.run(callcamp_sync.resume())


async def test_run_inside_an_event_loop_names_await() -> None:
    with pytest.raises(UsageError, match="event loop") as caught:
        callcamp_sync.run(callcamp_sync.resume())
    assert "await" in (caught.value.hint or "")


async def test_the_functions_can_be_awaited(stage: Sandbox) -> None:
    report = await callcamp_sync.validate("leads.csv", campaign="Spring renewals")
    assert report.counts["rejected"] == 1


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        pytest.param(pl.DataFrame({"Phone": [12025550191]}), r"`Phone` \(Int64\)", id="a phone as a number"),
        pytest.param(pl.DataFrame({"Phone": [1.5], "Name": ["x"]}), r"`Phone` \(Float64\)", id="a phone as a float"),
        pytest.param(pl.DataFrame(), "no column", id="nothing at all"),
        pytest.param(pl.DataFrame({"_row_": ["x"], "Phone ": ["y"], " Phone": ["z"]}), "stand twice", id="a heading twice"),
    ],
)
def test_a_frame_that_is_no_sheet_is_refused(frame: pl.DataFrame, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        callcamp_sync.read_sheet(frame, settings=callcamp_sync.Settings())


@pytest.mark.parametrize("source", [pl.LazyFrame({"Phone": ["x"]}), {"Phone": ["x"]}, None], ids=["lazy", "a dict", "nothing"])
def test_what_is_no_frame_is_refused_by_its_kind(source: Any) -> None:
    with pytest.raises(SheetError, match=type(source).__name__) as refused:
        callcamp_sync.read_sheet(source, settings=callcamp_sync.Settings())
    assert "DataFrame" in (refused.value.hint or "")


def test_a_frame_keeps_every_character_and_counts_like_a_spreadsheet() -> None:
    frame = pl.DataFrame({"Phone": ["0044 20 7946 0001", None, "  "], "Note": ["=1+1", None, "x"]})
    sheet = callcamp_sync.read_sheet(frame, settings=callcamp_sync.Settings())
    assert sheet.frame.rows() == [(2, "0044 20 7946 0001", "=1+1"), (4, None, "x")]
    assert (sheet.info.rows, sheet.info.blank_rows) == (2, 1)


def test_a_frame_and_the_file_of_the_same_rows_plan_the_same(stage: Sandbox) -> None:
    frame = pl.read_csv("leads.csv", infer_schema=False)
    of_file, _ = callcamp_sync.run(callcamp_sync.plan("leads.csv", campaign="Spring renewals"))
    of_frame, _ = callcamp_sync.run(callcamp_sync.plan(callcamp_sync.read_sheet(frame), campaign="Spring renewals"))
    assert of_frame.steps == of_file.steps
    assert of_frame.lines.equals(of_file.lines)
