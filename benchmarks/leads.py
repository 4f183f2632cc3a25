"""The sheet that the column benchmarks read: a CSV of twelve columns, any number of rows, the same bytes every time.

In:  a path and a number of rows. Out: the file; nothing large is kept in the repository.
What stands in it: American numbers in six spellings, names, an e-mail address a person, the country, a parameter of plain text,
one with a pattern, and one of each typed kind: number, decimal, bool, date, select. One row in twenty repeats an earlier one; one
row in a hundred has a cell that is wrong in a way that people are wrong; some cells are blank, and some are quoted.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from callcamp_sync.sandbox import bulk_phone

HEADINGS = (
    "Phone",
    "First name",
    "Last name",
    "Email",
    "Country",
    "Company",
    "Reference",
    "Employees",
    "Budget",
    "VIP",
    "Renewal date",
    "Plan",
)
_CHUNK = 10_000
_SPELLINGS = (
    lambda p: p,
    lambda p: f"({p[2:5]}) {p[5:8]}-{p[8:]}",
    lambda p: f"{p[2:5]}.{p[5:8]}.{p[8:]}",
    lambda p: f"1 {p[2:5]} {p[5:]}",
    lambda p: p[2:],
    lambda p: f"00 1 {p[2:5]} {p[5:8]} {p[8:]}",
)
_FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "Niklaus", "Zoë", "José")
_WRONG = {
    0: "call me",
    3: "name(at)example.com",
    4: "Atlantis",
    6: "no reference",
    7: "many",
    8: "12k5",
    9: "maybe",
    10: "31/12/27",
}


def write(path: Path, rows: int) -> None:
    """Write the sheet. rows: below the header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(",".join(HEADINGS) + "\n")
        lines: list[str] = []
        for cells in leads(rows):
            lines.append(",".join(cells))
            if len(lines) == _CHUNK:
                file.write("\n".join(lines) + "\n")
                lines = []
        file.writelines(line + "\n" for line in lines)


def leads(rows: int) -> Iterator[list[str]]:
    """The cells of each row, as the file has them. One seed: the same rows every time, and fewer rows are the head of more."""
    chance = random.Random(20_260_510)
    earlier = _lead(0, chance)
    for index in range(rows):
        draw = chance.random()
        if draw < 0.05:
            yield earlier
            continue
        cells = _lead(index, chance)
        if draw < 0.06:
            place = chance.choice(tuple(_WRONG))
            cells[place] = _WRONG[place]
        elif draw > 0.6:
            cells[chance.randrange(5, 12)] = ""
        elif draw > 0.55:
            earlier = cells
        yield cells


def _lead(index: int, chance: random.Random) -> list[str]:
    phone = bulk_phone(index)
    first = chance.choice(_FIRST)
    return [
        _SPELLINGS[index % len(_SPELLINGS)](phone),
        first,
        f"Example {index}",
        f"{first.lower()}.{index}@Example.com" if first.isascii() else f"contact.{index}@example.org",
        "us" if index % 7 == 0 else "US",
        f'"Example {index % 20_011}, Ltd"' if index % 10 == 0 else f"Example {index % 20_011} Ltd",
        f"AB-{chance.randrange(10_000):04}",
        str(chance.randrange(1, 50_000)),
        f"{chance.randrange(100_000_000) / 100:.2f}",
        chance.choice(("yes", "no", "TRUE", "false", "1", "0")),
        f"2027-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
        chance.choice(("Basic", "Plus", "Pro", "pro")),
    ]
