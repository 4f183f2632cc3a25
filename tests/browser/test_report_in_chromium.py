"""report.html as people have it: searched, sorted, by keyboard, in the dark, on a phone, on paper, without scripts."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from chromium import Browser, opened
from report_cases import CHANGES, HOSTILE, ISSUES, LINES, ORDERS, a_report

from callcamp_sync.model import Guard
from callcamp_sync.report.page import page
from callcamp_sync.report.timeline import timeline

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


TRAIL = [
    b'{"at": "2026-05-10T14:30:%02d.000Z", "kind": "%b", "fate": "%b", "attempts": 1}' % (second, kind, fate)
    for second, kind, fate in [(1, b"create", b"done"), (3, b"create", b"refused"), (20, b"update-order", b"done")]
]
GUARDS = (
    Guard(name="max-remove", limit=50, actual=412, tripped=True, flag="--max-remove", message="412 of 500"),
    Guard(name="empty-sheet", limit=1, actual=6, tripped=False, flag=None),
)

#: Rows of a table that are in sight, by the number in their first cell.
SHOWN = "return [...document.querySelectorAll('#%s tbody tr')].filter(r => !r.hidden).map(r => r.cells[0].textContent)"


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[Browser]:
    """The page of a small report; afterwards nothing may stand in the console."""
    show(browser, tmp_path)
    yield browser
    assert browser.console() == []


def show(browser: Browser, folder: Path, text: str = "plain") -> None:
    lines = (*LINES, {"row": 10, "outcome": "failed", "phone": text, "message": text})
    changes = (*CHANGES, {"row": 10, "field": text, "old": text, "new": text})
    report = a_report(lines, changes, ISSUES, ORDERS, guards=GUARDS, notices=(text,), mismatches=(text,))
    report = replace(report, settings={"mapping": text})
    (folder / "report.html").write_text("".join(page(report, timeline(TRAIL))), encoding="utf-8")
    browser.visit(folder / "report.html")


def in_sight(browser: Browser, table: str) -> list[str]:
    found = browser.run(SHOWN % table)
    assert isinstance(found, list)
    return found


def test_words_leave_the_lines_that_have_all_of_them(shown: Browser) -> None:
    shown.type("#problems input", "PHONE letters")
    shown.until("return document.querySelector('#problems .told').textContent.startsWith('1 of')")
    assert in_sight(shown, "problems") == ["6"]
    assert in_sight(shown, "rows") == ["2", "3", "5", "6", "7", "8", "10"]
    shown.click("#problems .tools button")
    assert len(in_sight(shown, "problems")) == 5


def test_an_outcome_leaves_its_lines(shown: Browser) -> None:
    shown.type("#rows select", "failed")
    assert in_sight(shown, "rows") == ["7", "10"]
    assert shown.run("return document.querySelector('#rows .told').textContent") == "2 of 7 lines shown"


def test_a_tile_and_a_code_lead_to_their_lines(shown: Browser) -> None:
    shown.click(".tile a[data-outcome=unchanged]")
    assert in_sight(shown, "rows") == ["5", "8"]
    shown.click("a[data-find=email-invalid]")
    assert in_sight(shown, "problems") == ["6"]


def test_a_heading_sorts_up_and_then_down_and_by_number(shown: Browser) -> None:
    shown.click("#rows thead th:nth-child(1) button")
    assert in_sight(shown, "rows") == ["2", "3", "5", "6", "7", "8", "10"]
    shown.click("#rows thead th:nth-child(1) button")
    assert in_sight(shown, "rows") == ["10", "8", "7", "6", "5", "3", "2"]
    shown.click("#rows thead th:nth-child(2) button")
    assert in_sight(shown, "rows")[:3] == ["2", "10", "7"]
    sorts = shown.run("return [...document.querySelectorAll('#rows th[aria-sort]')].map(h => h.getAttribute('aria-sort'))")
    assert sorts == ["ascending"]


def test_the_keyboard_is_enough(shown: Browser) -> None:
    shown.press("\ue004", "\ue007")
    assert shown.run("return document.activeElement.id") == "main"
    shown.run("document.querySelector('#rows thead button').focus()")
    shown.press("\ue007", "\ue007")
    assert in_sight(shown, "rows")[0] == "10"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_axe_finds_nothing_serious(shown: Browser, axe: str, scheme: str, width: int) -> None:
    media = [{"name": "prefers-color-scheme", "value": scheme}]
    shown.command("Emulation.setEmulatedMedia", features=media)
    shown.command("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
    try:
        shown.run(axe)
        found = shown.wait("axe.run(document).then(r => arguments[0](r.violations), e => arguments[0]([{id: String(e)}]))")
        paper = shown.run("return getComputedStyle(document.body).backgroundColor")
        assert shown.run("return document.documentElement.scrollWidth") <= width
        keep(shown.picture(), f"{scheme}-{width}.png")
    finally:
        shown.command("Emulation.clearDeviceMetricsOverride")
        shown.command("Emulation.setEmulatedMedia", features=[])
    assert [(one["id"], [node["target"] for node in one.get("nodes", [])]) for one in found] == []
    assert paper == {"light": "rgb(244, 245, 247)", "dark": "rgb(18, 22, 27)"}[scheme]


@pytest.mark.parametrize(
    "text",
    [
        "<script>hurt = 1</script>",
        "<img src=x onerror='hurt = 1'>",
        '" autofocus onfocus="hurt = 1',
        "{{ 1 }}",
        "\u202egnp.exe",
        HOSTILE,
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_text_of_strangers_does_nothing_and_widens_nothing(browser: Browser, tmp_path: Path, text: str) -> None:
    show(browser, tmp_path, text)
    assert browser.run("return [typeof hurt, document.querySelectorAll('main script, img').length]") == ["undefined", 0]
    assert browser.run("return document.documentElement.scrollWidth <= innerWidth")
    assert browser.console() == []


def test_the_policy_stops_what_would_be_alive(browser: Browser, tmp_path: Path) -> None:
    """Were a script to come through all the same: it would not run, and nothing would be fetched."""
    show(browser, tmp_path)
    text = (tmp_path / "report.html").read_text("utf-8")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        away = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        alive = ("<script>hurt = 1</script>", f"<img src='{away}' onerror='hurt = 2'>", f"<script src='{away}'></script>")
        planted = "".join((*alive, "<b style='color: red'>x</b>"))
        (tmp_path / "planted.html").write_text(text.replace("</main>", f"{planted}</main>"), "utf-8")
        browser.visit(tmp_path / "planted.html")
        assert browser.run("return typeof hurt") == "undefined"
        assert len([line for line in browser.console() if "Content Security Policy" in line]) == 5
        with pytest.raises(TimeoutError):
            server.accept()


def test_without_scripts_it_is_a_page_of_tables_and_nothing_is_dead(browser: Browser, tmp_path: Path) -> None:
    browser.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        show(browser, tmp_path)
    finally:
        browser.command("Emulation.setScriptExecutionDisabled", value=False)
    assert browser.run("return document.querySelectorAll('button, input, select').length") == 0
    assert len(in_sight(browser, "rows")) == 7
    assert browser.console() == []


def test_on_paper_the_tables_are_whole_and_dark_stays_off_the_page(shown: Browser) -> None:
    media = [{"name": "prefers-color-scheme", "value": "dark"}]
    shown.command("Emulation.setEmulatedMedia", media="print", features=media)
    try:
        hidden = "return [...document.querySelectorAll('nav, .tools')].every(e => getComputedStyle(e).display === 'none')"
        assert shown.run(hidden)
        assert shown.run("return [...document.querySelectorAll('.scroll')].every(e => e.scrollHeight <= e.clientHeight)")
        assert shown.run("return getComputedStyle(document.querySelector('h1')).color") == "rgb(122, 22, 22)"
    finally:
        shown.command("Emulation.setEmulatedMedia", media="", features=[])
    paper = shown.printed()
    keep(paper, "print.pdf")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) >= 1


def keep(content: bytes, name: str) -> None:
    """Leave a picture where SHOTS says, for somebody who wants to look."""
    if folder := os.environ.get("SHOTS"):
        (Path(folder) / name).write_bytes(content)
