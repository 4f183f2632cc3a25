"""`hygiene`: what it finds in a real campaign, what it writes, and that it changes nothing."""

from __future__ import annotations

import openpyxl
from flow_stage import EMPTY, SPRING, Stage, lead

ANN, BEN, CLEO, DAN = "+12025550141", "+12025550142", "+12025550143", "+12025550144"


def untidy(stage: Stage) -> None:
    """Spring renewals: Ann twice, Ben planned there and in the pilot, Cleo Do Not Call in the pilot, Dan in the ledger."""
    rows = [lead(phone, Status="planned" if phone == BEN else "") for phone in (ANN, BEN, CLEO, DAN)]
    assert stage.here("sync", stage.sheet(rows), "-c", SPRING, "--yes", "-q").code == 0
    assert stage.here("dnc", "add", DAN).code == 0
    world = stage.box.world
    where, other = (next(one for one in world.campaigns.values() if one.name == name) for name in (SPRING, EMPTY))
    parameters = {"company": "Example Ltd"}
    world.add_order(where, world.add_record(ANN, record_type=where.record_type, parameters=parameters))
    for phone, status in ((BEN, "planned"), (CLEO, "do-not-call")):
        world.add_order(other, world.add_record(phone, record_type=other.record_type, parameters=parameters), status=status)


def test_a_clean_campaign_is_clean(stage: Stage) -> None:
    ended = stage.here("hygiene", EMPTY, "--alone")
    assert (ended.code, "0  double-order" in ended.out) == (0, True)


def test_each_finding_is_told_with_its_cure_and_masked_numbers(stage: Stage) -> None:
    untidy(stage)
    ended = stage.here("hygiene", SPRING)
    assert ended.code == 3
    for kind in ("double-order", "planned-elsewhere", "do-not-call-elsewhere"):
        assert f"{kind}: " in ended.out
    assert "cure: " in ended.out
    assert [phone for phone in (ANN, BEN, CLEO, DAN) if phone in ended.out + ended.err] == []
    assert BEN in stage.here("hygiene", SPRING, "-v").out


def test_as_json_it_is_one_document_with_every_line(stage: Stage) -> None:
    untidy(stage)
    found = stage.here("hygiene", SPRING, "--json").document
    lines = {(one["finding"], one["phone"]) for one in found["findings"]}
    assert {
        ("double-order", ANN),
        ("planned-elsewhere", BEN),
        ("do-not-call-elsewhere", CLEO),
        ("do-not-call-elsewhere", DAN),
    } <= lines
    assert found["counts"]["double-order"] == 2
    assert found["campaigns"] == len(stage.box.world.campaigns) - 1


def test_it_sends_nothing_but_get_and_leaves_ledger_and_journal_as_they_are(stage: Stage) -> None:
    untidy(stage)
    before = {path: path.read_bytes() for path in (stage.folder / "state").rglob("*") if path.is_file()}
    mark = stage.forget()
    stage.here("hygiene", SPRING, "-o", "found.xlsx")
    assert stage.methods(mark) == {"GET"}
    assert {path: path.read_bytes() for path in (stage.folder / "state").rglob("*") if path.is_file()} == before


def test_the_workbook_has_a_tab_for_each_finding_and_the_ledger_takes_it_over(stage: Stage) -> None:
    untidy(stage)
    assert stage.here("hygiene", SPRING, "-o", "found.xlsx").code == 3
    book = openpyxl.load_workbook(stage.folder / "found.xlsx", read_only=True)
    assert [name for name in book.sheetnames if name not in ("Summary", "Info")] == [
        "double-order",
        "planned-elsewhere",
        "do-not-call-elsewhere",
        *(["contact-without-order"] if "contact-without-order" in book.sheetnames else []),
    ]
    book.close()
    assert (stage.folder / "found.xlsx").stat().st_mode & 0o077 == 0
    taken = stage.here("dnc", "import", "found.xlsx#do-not-call-elsewhere")
    assert (taken.code, "1 number added" in taken.out) == (0, True)
    assert stage.here("dnc", "check", CLEO).code == 3


def test_a_name_that_is_no_workbook_is_refused(stage: Stage) -> None:
    ended = stage.here("hygiene", EMPTY, "-o", "found.csv", "--alone")
    assert (ended.code, ".xlsx" in ended.err) == (2, True)


def test_contacts_that_the_token_may_not_read_are_told_and_the_rest_is_judged(stage: Stage) -> None:
    untidy(stage)
    stage.box.world.add_token("narrow", permissions=["campaigns:read"])
    stage.token = "narrow"
    ended = stage.here("hygiene", SPRING)
    assert (ended.code, "may not read contacts" in ended.err) == (3, True)
