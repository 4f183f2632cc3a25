"""A realistic world for the demo, for rehearsals and for benchmarks. Deterministic: no clock but the world's, no randomness.

In:  how many orders. Out: a `World` with three campaigns, and `bulk_phone`, a million numbers that ring nobody.
Every number is fictional: +1 NPA 555-01XX is reserved for fiction, and the rest of 555 is not assigned to subscribers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import cache
from typing import Any

from callcamp_sync.sandbox.entities import Campaign, JsonObject, RecordType
from callcamp_sync.sandbox.world import World

#: Names of the seeded campaigns.
DEMO_CAMPAIGN = "Spring renewals"
EMPTY_CAMPAIGN = "Empty pilot"
PLAIN_CAMPAIGN = "No record type"

#: Area codes of the United States that belong to a place (no free-phone, premium or personal numbers).
_AREA_CODES = re.findall(
    r"\d{3}",
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252 253 254 "
    "256 260 262 267 269 270 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 325 330 "
    "334 336 337 339 347 351 352 360 361 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 423 424 425 430 432 "
    "434 435 440 443 469 478 479 480 484 501 502 503 504 505 507 508 509 510 512 513 515 516 517 518 520 530 540 541 551 559 "
    "561 562 563 567 570 571 573 574 575 580 585 586 601 602 603 605 606 607 608 609 610 612 614 615 616 617 618 619 620 623 "
    "626 630 631 636 641 646 650 651 660 661 662 678 682 701 702 703 704 706 707 708 712 713 714 715 716 717 718 719 720 724 "
    "727 731 732 734 740 754 757 760 763 765 770 772 773 774 775 781 785 786 801 802 803 804 805 806 808 810 812 813 814 815 "
    "816 817 818 828 830 831 832 843 845 847 848 850 856 857 858 859 860 862 863 864 865 901 903 904 906 907 908 909 910 912 "
    "913 914 915 916 917 918 919 920 925 928 931 936 937 940 941 949 951 952 954 956 970 971 972 973 978 979 980 985 989",
)

#: Lines of 555 that are, or were, services: directory assistance and the like.
_SERVICE_LINES = frozenset({1212, 4334})


@cache
def _lines() -> tuple[str, ...]:
    fiction = [f"{line:04}" for line in range(100, 200)]
    rest = [f"{line:04}" for line in range(10_000) if not 100 <= line < 200 and line not in _SERVICE_LINES]
    return (*fiction, *rest)


def bulk_phone(index: int) -> str:
    """The fictional number with that index: distinct for distinct indexes, valid E.164, the same on every run.

    index: 0 to 2,689,461 (IndexError beyond). The first 26,900 are +1 NPA 555-01XX, which is reserved for
    fiction; after them come the other lines of 555, which number plans know as valid and no subscriber has. None of them is
    ever dialled: they are only ever sent to a sandbox on loopback, which calls nobody.
    """
    if index < 0:
        raise IndexError("bulk_phone begins at 0")
    line, area = divmod(index, len(_AREA_CODES))
    return f"+1{_AREA_CODES[area]}555{_lines()[line]}"


#: One parameter of every type that the vendor lists, and `string`, which its example uses.
LEAD_PARAMETERS: tuple[JsonObject, ...] = (
    {"id": "company", "type": "text", "title": "Company", "required": True},
    {"id": "job_title", "type": "input", "title": "Job title", "required": False},
    {
        "id": "reference",
        "type": "string",
        "title": "Reference",
        "required": False,
        "validation": "^[A-Z]{2}-[0-9]{4}$",
        "error": "Use two letters, a hyphen and four digits, such as AB-1234",
    },
    {"id": "employees", "type": "number", "title": "Employees", "required": False, "validation": "^[0-9]+$"},
    {"id": "budget", "type": "decimal", "title": "Budget", "required": False},
    {"id": "notes", "type": "textarea", "title": "Notes", "required": False},
    {"id": "vip", "type": "bool", "title": "VIP", "required": False, "default": False},
    {"id": "renewal_date", "type": "date", "title": "Renewal date", "required": False},
    {"id": "last_contact", "type": "datetime", "title": "Last contact", "required": False},
    {"id": "deal_currency", "type": "currency", "title": "Deal currency", "required": False},
    {"id": "billing_country", "type": "country", "title": "Billing country", "required": False},
    {
        "id": "plan",
        "type": "select",
        "title": "Plan",
        "required": False,
        "options": ["Basic", "Plus", "Pro"],
        "default": "Basic",
        "error": "Choose Basic, Plus or Pro",
    },
)


def demo_world(orders: int = 0, *, seed: int = 0, clock: Callable[[], datetime] | None = None) -> World:
    """Three campaigns: "Spring renewals" with `orders` orders, "Empty pilot" of the same type, one without a record type.

    The orders are those of `lead(0)` to `lead(orders - 1)`; statuses as `lead_status` says. clock: the world's, if given.
    """
    world = World(seed=seed, clock=clock) if clock else World(seed=seed)
    kind = world.add_record_type("Lead", LEAD_PARAMETERS)
    spring = world.add_campaign(
        DEMO_CAMPAIGN,
        kind,
        status="active",
        timezone="Europe/London",
        description="Customers whose contract ends this spring.",
        schedule={"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:30"},
    )
    world.add_campaign(EMPTY_CAMPAIGN, kind, status="draft", timezone="UTC")
    world.add_campaign(PLAIN_CAMPAIGN, status="paused", timezone="UTC")
    fill(world, spring, kind, orders)
    return world


def fill(world: World, campaign: Campaign, kind: RecordType, orders: int) -> None:
    """Give a campaign the orders of `lead(0)` to `lead(orders - 1)`."""
    for index in range(orders):
        contact = lead(index)
        record = world.add_record(contact.pop("phoneNumber"), record_type=kind, parameters=contact.pop("parameters"), **contact)
        world.add_order(campaign, record, status=lead_status(index), instructions="Mention the early bird discount.")


def lead(index: int) -> dict[str, Any]:
    """The contact with that index, as the `record` of a create would carry it."""
    return {
        "name": f"Contact {index:07}",
        "firstName": "Contact",
        "lastName": f"{index:07}",
        "email": f"contact.{index:07}@example.com",
        "phoneNumber": bulk_phone(index),
        "country": "US",
        "parameters": {
            "company": f"Example {index % 997} Ltd",
            "reference": f"AB-{index % 10_000:04}",
            "employees": index % 500 + 1,
            "budget": index % 1000 + 0.5,
            "vip": index % 10 == 0,
            "renewal_date": f"2027-{index % 12 + 1:02}-{index % 28 + 1:02}",
            "plan": ("Basic", "Plus", "Pro")[index % 3],
        },
    }


def lead_status(index: int) -> str:
    """Of every hundred: ten contacted, five busy, one Do Not Call, one canceled; the others registered."""
    place = index % 100
    if place % 10 == 7:
        return "contacted"
    if place % 20 == 3:
        return "busy"
    return {50: "do-not-call", 51: "canceled"}.get(place, "registered")
