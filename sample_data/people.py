"""People who do not exist, and the ways in which their data is typed into a sheet. Pure, and the same on every run.

In:  one fixed seed. Out: contacts with JSON values as Callcamp keeps them, and rows that say the same in somebody's own words.
Numbers are reserved for fiction or unassigned: +1 NPA 555-01XX; Ofcom's drama numbers +44 20 7946 0xxx, 113 496 0xxx,
161 496 0xxx; +61 2 5550 xxxx; +33 1 99 00 xx xx. Addresses are at example.com, example.org and example.net.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

SEED = 2026

#: Heading of leads.csv -> what it is in world.json; the rest of a row is written by the case that it stands for.
PARAMETERS = {
    "Company": "company",
    "Job title": "job_title",
    "Reference": "reference",
    "Employees": "employees",
    "Budget": "budget",
    "Notes": "notes",
    "VIP": "vip",
    "Renewal date": "renewal_date",
    "Last contact": "last_contact",
    "Deal currency": "deal_currency",
    "Billing country": "billing_country",
    "Plan": "plan",
}
ORDER = {
    "Status": "status",
    "Scheduled time": "scheduledTime",
    "Timezone": "scheduledTimeTimezone",
    "Price": "price",
    "Currency": "currencyCode",
    "Instructions": "instructions",
}
HEADINGS = (
    *("Order ID", "Record ID", "Phone", "First name", "Last name", "Email", "Country"),
    *PARAMETERS,
    *ORDER,
    *("Action", "Account owner"),
)

COUNTRIES = {
    "US": ("US", "USA", "United States"),
    "GB": ("GB", "UK", "United Kingdom", "united kingdom "),
    "AU": ("AU", "Australia"),
    "FR": ("FR", "France"),
}
_FIRST = (
    "Ada",
    "Ben",
    "Cleo",
    "Dan",
    "Eva",
    "Finn",
    "Gil",
    "Hana",
    "Ian",
    "Jo",
    "Kim",
    "Lea",
    "Max",
    "Nia",
    "Ole",
    "Pia",
    "Quin",
    "Rosa",
    "Sam",
    "Tess",
    "Uma",
    "Vik",
    "Wren",
    "Yan",
    "Zoë",
)
_COMPANIES = ("Acme", "Borealis", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbour", "Indigo", "Juniper")
_AREAS = (201, 202, 205, 206, 212, 213, 301, 303, 305, 312, 404, 415, 502, 503, 512, 602, 612, 617, 702, 713, 801, 804, 901, 907)

Row = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One person: as Callcamp has it. parameters, order: JSON values; status None: no order."""

    index: int
    region: str
    phone: str
    first: str
    last: str
    email: str
    parameters: dict[str, Any]
    order: dict[str, Any] = field(default_factory=dict)
    status: str | None = None

    @property
    def record_uuid(self) -> str:
        """The id of the contact in Callcamp."""
        return str(UUID(int=self.index + 1, version=4))

    @property
    def order_uuid(self) -> str:
        """The id of the order, where there is one."""
        return f"order_sample{self.index:014d}"


def fictional(index: int) -> tuple[str, str]:
    """(region, E.164) of a number that rings nobody; distinct for distinct indexes up to 3,999."""
    place, kind = divmod(index, 5)
    if kind in (0, 1):
        area, line = divmod(place * 2 + kind, 100)
        return "US", f"+1{_AREAS[area]}55501{line:02}"
    if kind == 2:
        return "GB", f"+44{('207946', '113496', '161496')[place % 3]}0{place:03}"
    return ("AU", f"+6125550{place:04}") if kind == 3 else ("FR", f"+33199{place:06}")


class Writer:
    """Makes contacts one after the other, and remembers the rows and the world that come of them."""

    def __init__(self) -> None:
        self.choose = random.Random(SEED)  # noqa: S311 (sample data, not secrets)
        self.count = 0
        self.rows: list[Row] = []
        self.world: list[Contact] = []

    def contact(self, status: str | None = None, **order: Any) -> Contact:
        """A new person. status, order: of the order that stands in the campaign, if one does."""
        index, choose = self.count, self.choose
        self.count += 1
        region, phone = fictional(index)
        first = choose.choice(_FIRST)
        parameters = {
            "company": f"{choose.choice(_COMPANIES)} Example {index % 97} Ltd",
            "reference": f"{choose.choice(('AB', 'CD', 'EF'))}-{index:04}",
            "employees": choose.randint(1, 900),
            "vip": index % 9 == 0,
            "renewal_date": f"2027-{index % 12 + 1:02}-{index % 28 + 1:02}",
            "plan": choose.choice(("Basic", "Plus", "Pro")),
            "deal_currency": {"US": "USD", "GB": "GBP", "AU": "AUD", "FR": "EUR"}[region],
            "billing_country": region,
        }
        if index % 3 == 0:
            parameters |= {"job_title": "Buyer", "budget": index + 0.5, "last_contact": f"2026-02-{index % 27 + 1:02}T09:30:00Z"}
        email = f"contact{index:04}@example.{('com', 'org', 'net')[index % 3]}"
        return Contact(
            index=index,
            region=region,
            phone=phone,
            first=first,
            last=f"Example{index:04}",
            email=email,
            parameters=parameters,
            order=order,
            status=status,
        )

    def add(self, contact: Contact, cells: Row | None = None, *, stands: bool = False) -> Row:
        """A row for the contact. cells: what the row says instead. stands: the contact is in the world too."""
        row = dict.fromkeys(HEADINGS, "") | self.spelled(contact) | (cells or {})
        self.rows.append(row)
        if stands:
            self.world.append(contact)
        return row

    def spelled(self, contact: Contact) -> Row:
        """The contact as people type it: one of several spellings of number, country, yes and no, amounts."""
        cells = {heading: self.typed(contact.parameters.get(name)) for heading, name in PARAMETERS.items()}
        country = self.choose.choice(COUNTRIES[contact.region])
        return cells | {
            "Phone": self.phone(contact),
            "First name": contact.first,
            "Last name": contact.last,
            "Email": contact.email,
            "Country": country,
            "Account owner": self.choose.choice(("North desk", "South desk", "")),
        }

    def typed(self, value: object) -> str:
        """A JSON value as somebody types it."""
        if value is None:
            return self.choose.choice(("", "", "n/a", "-"))
        if isinstance(value, bool):
            return self.choose.choice(("yes", "TRUE", "1") if value else ("no", "FALSE", "0"))
        return f"{value:.2f}" if isinstance(value, float) else str(value)

    def phone(self, contact: Contact, spelling: int | None = None) -> str:
        """The number in one of six spellings; the national ones need the country beside them."""
        code = {"US": "1", "GB": "44", "AU": "61", "FR": "33"}[contact.region]
        national = contact.phone[1 + len(code) :]
        groups = f"{national[:3]} {national[3:6]} {national[6:]}"
        trunk = "" if contact.region == "US" else "0"
        spellings = (
            contact.phone,
            f"+{code} {groups}",
            f"+{code} ({national[:3]}) {national[3:6]}-{national[6:]}",
            f"{'011' if contact.region == 'US' else '0011' if contact.region == 'AU' else '00'}{code}{national}",
            f"{trunk}{national[:3]}-{national[3:]}",
            f"{trunk}{groups}\u00a0",
        )
        return spellings[self.choose.randrange(6) if spelling is None else spelling]
