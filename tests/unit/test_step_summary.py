"""The summary of a CI job: appended where the CI names a file, nothing else, and never a reason to fail."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_cases import a_plan, a_quiet_report, a_report

from callcamp_sync.cli import showing
from callcamp_sync.cli.voice import Voice
from callcamp_sync.errors import ExitCode
from callcamp_sync.report import markdown


def test_the_report_is_appended_to_what_stands_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
    assert showing.ended(a_report(), Voice(as_json=False)) is ExitCode.INCOMPLETE
    assert file.read_text("utf-8") == "before\n" + markdown(a_report()) + "\n"


def test_a_plan_is_summarised_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    report = a_quiet_report("created", dry_run=True, command="plan")
    showing.planned(a_plan(), report, Voice())
    assert "Planned, nothing was sent" in (tmp_path / "summary.md").read_text("utf-8")


def test_a_summary_that_cannot_be_written_is_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    assert showing.ended(a_quiet_report("unchanged"), Voice()) is ExitCode.OK
    assert "cannot be written" in capsys.readouterr().err
