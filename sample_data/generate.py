"""Writes the sheets of this folder and `world.json`, the campaign that they fit: `python sample_data/generate.py [FOLDER]`.

In:  a folder to write into (this one, unless named); every choice comes from one fixed seed.
Out: leads.csv, leads.xlsx (the same rows), hubspot-contacts.csv, salesforce-leads.xlsx, world.json; the same bytes on every run.
README.md beside this file says what the rows are about. Every person is made up: see people.py.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from people import COUNTRIES, Contact, Row, Writer


def standing(out: Writer) -> None:
    """Contacts whose order stands in the campaign: unchanged, updated, canceled, removed, and orders without a row."""
    for n in range(330):
        out.add(out.contact("registered" if n % 4 else "busy", instructions="Mention the early bird discount."), stands=True)
    for n in range(110):
        contact = out.contact("registered", price=9.5)
        out.world.append(contact)
        kind = n % 5
        change: Row = (
            {"Email": f"new{contact.index:04}@example.org"},
            {"Company": "Kelvin Example Ltd", "Plan": "Pro"},
            {"Price": "12.50", "Currency": contact.parameters["deal_currency"], "Instructions": "Ask for the new address."},
            {"Status": "Planned", "Employees": "1000"},
            {"Job title": "Head of Purchasing", "Notes": "Prefers mornings.\nSpeaks English, French."},
        )[kind]
        out.add(contact, change)
    for n in range(18):
        out.add(out.contact("registered"), {"Action": "cancel"} if n % 3 else {"Status": "Canceled"}, stands=True)
    for _ in range(9):
        out.add(out.contact("registered"), {"Action": "remove"}, stands=True)
    for status in ("Do Not Call", "do-not-call", "DNC", "do_not_call"):
        out.add(out.contact("registered"), {"Status": status}, stands=True)
    for _ in range(5):
        out.add(out.contact("registered"), {"Action": "skip", "Company": "Not to be read Ltd"}, stands=True)
    for n in range(60):
        out.world.append(out.contact("registered" if n % 5 else "contacted"))
    cleared = out.contact("registered", instructions="Old words.")
    out.add(cleared, {"Instructions": "__CLEAR__"}, stands=True)


def arriving(out: Writer) -> None:
    """Contacts that are not in the campaign: created, or linked where Callcamp knows them already."""
    for n in range(400):
        status = "Planned" if n % 20 == 0 else ""
        row = out.add(out.contact(), {"Status": status})
        if n % 50 == 7:
            row |= {"Status": "scheduled", "Scheduled time": "2030-05-10 14:30", "Timezone": "Europe/London"}
    for _ in range(60):
        out.add(out.contact(), stands=True)
    odd = out.contact()
    words = {"First name": "[bold]Zoë", "Last name": 'O\'Example "Ex" 🙂', "Notes": "=1+1\n+ a second line, with a comma"}
    out.add(odd, words)
    for action in ("cancel", "remove", "cancel"):
        out.add(out.contact(), {"Action": action})


def forbidden(out: Writer) -> None:
    """Contacts that a rule protects: Do Not Call in five spellings of the number, in a call, finished, canceled by hand."""
    asks: tuple[Row, ...] = (
        {"Status": "planned"},
        {"Action": "cancel"},
        {"Action": "remove"},
        {"Company": "Other Example Ltd"},
        {"Status": "registered"},
        {"Instructions": "Call again."},
    )
    for n, ask in enumerate(asks * 2):
        contact = out.contact("do-not-call")
        out.add(contact, {**ask, "Phone": out.phone(contact, n % 5)}, stands=True)
    for status, ask in (
        *(("calling", {"Instructions": "Be quick."}),) * 4,
        *(("contacted", {"Status": "planned"}),) * 5,
        *(("completed", {"Status": "planned"}),) * 3,
        *(("canceled", {"Status": "planned"}),) * 2,
        *(("voicemail", {"Status": "planned"}),) * 2,
    ):
        out.add(out.contact(status), ask, stands=True)
    out.add(out.contact(), {"Status": "do-not-call"})


def repeated(out: Writer) -> None:
    """Rows for one contact: copies in another spelling, and rows that contradict each other."""
    for row in [row for row in out.rows if not row["Action"] and not row["Status"]][::19][:25]:
        out.rows.append(dict(row))
    for contact in [out.contact() for _ in range(10)]:
        out.add(contact, {"Phone": out.phone(contact, 0)})
        out.add(contact, {"Phone": out.phone(contact, 1), "Company": "Another Example Ltd"})
    for _ in range(3):
        contact = out.contact()
        out.add(contact, {"Phone": out.phone(contact, 0)})
        out.rows.append(dict(out.rows[-1], Phone=out.phone(contact, 2), Email=""))


def uncertain(out: Writer) -> None:
    """Rows of which it is not certain what is meant: they are held."""
    for status in ("registered", "registered", "registered", None, None):
        contact = out.contact(status)
        twin = replace(contact, index=out.contact().index, email="twin@example.net")
        out.world += [contact, twin]
        out.add(contact, {"Company": "Twin Example Ltd"})
    for cells in ({"Order ID": "order_sample99999999999999"}, {"Record ID": "00000000-0000-4000-8000-000000009999"}):
        out.add(out.contact(), cells)
    first, second = out.contact("registered"), out.contact("registered")
    out.world += [first, second]
    out.add(first, {"Order ID": second.order_uuid})
    out.add(out.contact(), {"Order ID": first.order_uuid, "Record ID": second.record_uuid})
    for _ in range(3):
        out.add(out.contact(), {"Status": "scheduled", "Scheduled time": "2020-05-10T14:30:00Z", "Timezone": "UTC"})
    out.add(out.contact(), {"Status": "busy"})


#: What is wrong in a row that is rejected: one line a case, each written for several contacts.
FAULTS: tuple[Row, ...] = (
    {"Phone": ""},
    {"Phone": "call the office"},
    {"Phone": "020 7946 0018", "Country": ""},
    {"Phone": "+44 20 7946 01"},
    {"Phone": "4.42079E+11"},
    {"Phone": "442079460018.0000001"},
    {"Phone": "+1 201 555 0123 / +1 201 555 0124"},
    {"Phone": "+1 201 555 0123 ext. 12"},
    {"Phone": "+1 201 555 CALL"},
    {"Company": ""},
    {"Company": "__CLEAR__"},
    {"Reference": "ab1"},
    {"Email": "someone at example.com"},
    {"Email": "two@example.com, more@example.com"},
    {"Country": "Narnia"},
    {"Billing country": "Narnia"},
    {"Currency": "Pounds", "Price": "12"},
    {"Status": "scheduled", "Scheduled time": "2030-05-10 14:30", "Timezone": "London"},
    {"Status": "scheduled", "Scheduled time": "tomorrow at ten", "Timezone": "Europe/London"},
    {"Status": "scheduled", "Scheduled time": "2030-05-10 14:30", "Timezone": ""},
    {"Status": "scheduled", "Scheduled time": "2030-03-31 01:30", "Timezone": "Europe/London"},
    {"Status": "scheduled", "Scheduled time": "2030-10-27 01:30", "Timezone": "Europe/London"},
    {"Renewal date": "31/31/2027"},
    {"Employees": "about 40"},
    {"Budget": "1.200,50"},
    {"VIP": "perhaps"},
    {"Plan": "Platinum"},
    {"Status": "call them"},
    {"Action": "delete please"},
)


def faulty(out: Writer) -> None:
    """Rows that are wrong: every fault of FAULTS three times."""
    for fault in FAULTS:
        for _ in range(3):
            out.add(out.contact(), fault)


def leads() -> tuple[list[Row], list[Contact]]:
    """The rows of leads.csv, shuffled, and the contacts of the world."""
    out = Writer()
    kinds: tuple[Callable[[Writer], None], ...] = (standing, arriving, forbidden, repeated, uncertain, faulty)
    for kind in kinds:
        kind(out)
    out.choose.shuffle(out.rows)
    return out.rows, out.world


def world_json(contacts: Iterable[Contact]) -> dict[str, Any]:
    """The contacts as `sandbox/sample.py` reads them."""
    return {
        "schema": "callcamp-sync/sample-world/1",
        "campaign": "Spring renewals",
        "contacts": [
            {
                "uuid": one.record_uuid,
                "phoneNumber": one.phone,
                "firstName": one.first,
                "lastName": one.last,
                "email": one.email,
                "country": one.region,
                "parameters": one.parameters,
                "order": {"uuid": one.order_uuid, "status": one.status, **one.order} if one.status else None,
            }
            for one in contacts
        ],
    }


def with_blank_lines(rows: Sequence[Row]) -> Iterator[list[str]]:
    """The cells of each row, and a blank line after every 200th: people leave them."""
    for number, row in enumerate(rows, start=1):
        yield [row[heading] for heading in row]
        if number % 200 == 0:
            yield [""] * len(row)


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """As Excel saves "CSV UTF-8": byte order mark, CRLF."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([list(rows[0]), *with_blank_lines(rows)])


def write_workbook(path: Path, name: str, rows: Sequence[Row]) -> None:
    """One tab, all cells text, but ticked boxes as booleans; the same bytes on every run."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001 (workbooks know no zones)
        tab = book.add_worksheet(name)
        for column, heading in enumerate(rows[0]):
            tab.write_string(0, column, heading, book.add_format({"bold": True}))
        for line, cells in enumerate(with_blank_lines(rows), start=1):
            for column, cell in enumerate(cells):
                if cell in ("<tick>", "<no tick>"):
                    tab.write_boolean(line, column, cell == "<tick>")
                elif cell:
                    tab.write_string(line, column, cell)


def hubspot() -> list[Row]:
    """A HubSpot contact export: two phone columns, country names, a few holes."""
    out = Writer()
    out.count = 2000
    rows = []
    for n in range(200):
        contact = out.contact()
        phone = "" if n % 40 == 11 else out.phone(contact, n % 6)
        rows.append(
            {
                "Record ID": str(90_000_000 + n),
                "First Name": contact.first,
                "Last Name": contact.last,
                "Email": contact.email if n % 30 else "no mail",
                "Phone Number": phone if n % 3 else "",
                "Mobile Phone Number": "" if n % 3 else phone,
                "Country/Region": COUNTRIES[contact.region][-1] if n % 50 != 9 else "Narnia",
                "Company Name": contact.parameters["company"],
                "Job Title": contact.parameters.get("job_title", ""),
                "Lead Status": ("New", "Open", "In Progress", "(No value)")[n % 4],
                "Lifecycle Stage": "Lead",
                "Contact owner": "North desk",
                "Create Date": f"2026-01-{n % 28 + 1:02} 09:{n % 60:02}",
            }
        )
    return rows


def salesforce() -> list[Row]:
    """A Salesforce lead report: company, two phone columns, a box for Do Not Call."""
    out = Writer()
    out.count = 2400
    rows = []
    for n in range(200):
        contact = out.contact()
        phone = out.phone(contact, n % 6) if n % 40 != 11 else "[not provided]"
        rows.append(
            {
                "Lead ID": f"00QSAMPLE{n:06}",
                "First Name": contact.first,
                "Last Name": contact.last,
                "Title": contact.parameters.get("job_title", "-"),
                "Company / Account": contact.parameters["company"],
                "Email": contact.email,
                "Phone": phone if n % 4 else "",
                "Mobile": "" if n % 4 else phone,
                "Country": COUNTRIES[contact.region][-1] if n % 50 != 9 else "Narnia",
                "Lead Status": ("Open - Not Contacted", "Working - Contacted")[n % 2],
                "Lead Source": "Web",
                "Do Not Call": "<tick>" if n % 25 == 4 else "<no tick>",
                "Create Date": f"{n % 28 + 1:02}/01/2026",
            }
        )
    return rows


def main(folder: Path) -> None:
    """Write all files into `folder`."""
    rows, contacts = leads()
    write_csv(folder / "leads.csv", rows)
    write_workbook(folder / "leads.xlsx", "Leads", rows)
    write_csv(folder / "hubspot-contacts.csv", hubspot())
    write_workbook(folder / "salesforce-leads.xlsx", "Leads", salesforce())
    text = json.dumps(world_json(contacts), ensure_ascii=False, indent=1)
    (folder / "world.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
