"""What may be done to an order in which status, and who may never be called. Tables first, expressions from the tables.

In:  frames with a status column (canonical names) and phones (E.164). Out: polars expressions that name the issue code of the
     rule that forbids, or null where nothing forbids.
Pure: no I/O. Rule source: design, section 4, promises 1 and 2. `tests/property` holds these against random campaigns.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import polars as pl

from callcamp_sync.statuses import CANCELED, DO_NOT_CALL, GROUPS, RELEASING, Group


class Ask(StrEnum):
    """What a row, or its absence, asks of an order that stands in the campaign."""

    NOTHING = "nothing"
    DETAILS = "details"  # contact data other than the number
    PROPERTIES = "properties"  # order properties other than the status
    NUMBER = "number"  # another phone number for the same contact
    STATUS = "status"  # a status other than those below
    CALL = "call"  # a callable status
    FORBID = "forbid"  # Do Not Call
    CANCEL = "cancel"
    REMOVE = "remove"


_FINAL, _RUNNING, _UNKNOWN, _DNC = "already-contacted", "in-call", "status-unfamiliar", "do-not-call"
_CANCELED = "already-canceled"

#: (group of the order's status, ask) -> the code of the rule that forbids it. What is not listed is allowed.
FORBIDDEN: dict[tuple[Group, Ask], str] = {
    **{(Group.FORBIDDEN, ask): _DNC for ask in Ask if ask not in (Ask.NOTHING, Ask.FORBID)},
    **{(Group.RUNNING, ask): _RUNNING for ask in Ask if ask is not Ask.NOTHING},
    **{(Group.UNKNOWN, ask): _UNKNOWN for ask in Ask if ask not in (Ask.NOTHING, Ask.FORBID)},
    **{(Group.FINAL, ask): _FINAL for ask in Ask if ask not in (Ask.NOTHING, Ask.DETAILS, Ask.FORBID)},
    (Group.ENDED, Ask.CALL): _CANCELED,
    (Group.ENDED, Ask.STATUS): _CANCELED,
}

#: Codes that `--reopen` lifts. Never Do Not Call, never a running call.
REOPENED = frozenset({_FINAL, _UNKNOWN, _CANCELED})


def forbids(group: Group, ask: Ask, *, reopen: bool = False) -> str | None:
    """The code of the rule that forbids `ask` to an order of that group; None when it may be done."""
    code = FORBIDDEN.get((group, ask))
    return None if reopen and code in REOPENED else code


def forbids_expr(status: pl.Expr, asks: dict[Ask, pl.Expr], *, reopen: bool) -> pl.Expr:
    """`forbids` by column: the first code that applies to a row, else null.

    status: canonical names. asks: for each ask a bool expression, whether the row asks for it.
    """
    codes = []
    for ask, asked in asks.items():
        table = {name: forbids(group, ask, reopen=reopen) for name, group in GROUPS.items()}
        rest = forbids(Group.UNKNOWN, ask, reopen=reopen)
        code = status.replace_strict(table, default=pl.lit(rest, dtype=pl.String), return_dtype=pl.String)
        codes.append(pl.when(asked).then(code))
    return pl.coalesce(codes)


def is_group(status: pl.Expr, *groups: Group) -> pl.Expr:
    """Whether a canonical status belongs to one of the groups; a null or unheard-of status is UNKNOWN."""
    known = status.replace_strict({name: group in groups for name, group in GROUPS.items()}, default=Group.UNKNOWN in groups)
    return known.fill_null(Group.UNKNOWN in groups)


def asks_of_status(want: pl.Expr, differs: pl.Expr) -> dict[Ask, pl.Expr]:
    """What a wanted status asks for, where it differs from the one that stands."""
    return {
        Ask.FORBID: differs & (want == DO_NOT_CALL),
        Ask.CALL: differs & want.is_in(list(RELEASING)),
        Ask.CANCEL: differs & (want == CANCELED),
        Ask.STATUS: differs & ~want.is_in([DO_NOT_CALL, CANCELED, *RELEASING]),
    }


# One subscriber, two E.164 numbers: numbering plans that changed, where both forms still reach the same person.
# Never used to rewrite a number, only to recognise one that must not be called.
_VARIANTS = (
    (r"^\+521(\d{10})$", "+52${1}"),  # Mexico: the mobile 1 was abolished in 2019
    (r"^\+549(\d{10})$", "+54${1}"),  # Argentina: the mobile 9
    (r"^\+55(\d{2})9([6-9]\d{7})$", "+55${1}${2}"),  # Brazil: the ninth digit of mobiles
)

#: Every number that one of the patterns changes begins like this.
_MAY_VARY = r"^(?:[1-9]|\+5(?:21|49|5))"

#: Where they apply: whoever has a number there may stand somewhere under another one.
_TWO_NUMBERS = ("+52", "+54", "+55")

#: Digits at the end of a number that every spelling of it has together: variants differ before them.
TAIL = 4


def may_have_two(phone: str) -> bool:
    """Whether the subscriber of this E.164 number may have another one that reaches him, too."""
    return phone.startswith(_TWO_NUMBERS)


def person_key(phone: pl.Expr) -> pl.Expr:
    """E.164 -> the key under which all numbers of one subscriber are equal. For recognising, not for dialling."""
    return phone.map_batches(_keyed, return_dtype=pl.String, is_elementwise=True)


def _keyed(phones: pl.Series) -> pl.Series:
    """`person_key` of a column. Few numbers have a variant, so the patterns are tried on those alone."""
    phones = phones.cast(pl.String)
    several = phones.str.contains(_MAY_VARY)
    if not several.any():
        return phones
    key = pl.col("phone")
    for pattern, replacement in ((r"^([1-9]\d{10,14})$", "+${1}"), *_VARIANTS):  # a server may hold a number without its +
        key = key.str.replace(pattern, replacement)
    odd = phones.filter(several).unique().alias("phone").to_frame().with_columns(key=key)
    both = phones.alias("phone").to_frame().join(odd, on="phone", how="left", maintain_order="left")
    return both.select(pl.coalesce("key", "phone").alias(phones.name)).to_series()


def person_keys(phones: Iterable[str]) -> frozenset[str]:
    """`person_key` of each phone."""
    series = pl.Series("phone", list(phones), dtype=pl.String)
    return frozenset(series.to_frame().select(person_key(pl.col("phone")))["phone"])
