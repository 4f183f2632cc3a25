"""What each row changes in the campaign, and what becomes of the orders without a row. Decides; sends nothing.

In:  Sides (the sheet, the campaign, which row means which order) and Wishes (what the run may do).
Out: Difference. `rows`, one row a row of the sheet: ROW, `outcome` (planned), `act` (a word of ACTS, null when nothing is sent),
     `phone`, `order_uuid`, `record_uuid`, `status_wire` and `have_status` of its order, `status` (wanted of a new contact).
     `changes`: CHANGE_SCHEMA, of rows with an act. `issues`: what this stage found. `orders`: orders without a row.
Pure: no I/O; the clock is an argument. Rule source: design, sections 3 and 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from callcamp_sync import frames
from callcamp_sync.fields import CLEAR, ROW, Home
from callcamp_sync.issues import CATALOGUE
from callcamp_sync.missing import without_row
from callcamp_sync.model import CHANGE_SCHEMA, ISSUE_SCHEMA, Mode
from callcamp_sync.policy import Ask, asks_of_status, forbids_expr, is_group
from callcamp_sync.rules import Overwrite, Rule
from callcamp_sync.sides import Sides, Wishes
from callcamp_sync.statuses import ASKABLE, CANCELED, DO_NOT_CALL, REGISTERED, RELEASING, UNDER_WAY, Group, group_of

#: What can be done for a row, and how it is then expected to end.
ACTS = {"create": "created", "associate": "associated", "update": "updated", "cancel": "canceled", "remove": "removed"}

#: The columns of Difference.rows that do not depend on the mapping.
_SHOWN = ("outcome", "act", "phone", "order_uuid", "record_uuid", "status_wire", "have_status", "their_phone", "status")

#: The time of a call and its zone, which are always sent together.
_TIMES = {"time": "scheduledTime", "zone": "scheduledTimeTimezone"}

#: What a new contact may start as; the rest of ASKABLE makes no sense for someone who is not in the campaign.
_STARTING = (REGISTERED, *RELEASING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """See the module's head. whole: no row was rejected or held, so an order without a row may be called missing."""

    rows: pl.DataFrame
    changes: pl.DataFrame
    issues: pl.DataFrame
    orders: pl.DataFrame
    whole: bool


def diff(sides: Sides, wishes: Wishes) -> Difference:
    """Compare both sides and decide how each row and each order is to end."""
    both = _with_changes(_side_by_side(sides), sides, wishes)
    judged = both.with_columns(rule=_rule(both, wishes)).with_columns(
        detail=pl.when(pl.col("rule") == "associate-callable").then(pl.lit(wishes.link_start)).otherwise("detail")
    )
    rows = _decided(judged, sides, wishes)
    whole = rows.filter(pl.col("outcome").is_in(["rejected", "held"])).is_empty()
    return Difference(
        rows=rows.select(ROW, *_SHOWN, **_when(rows)),
        changes=_changes(rows, sides.rules),
        issues=_issues(rows, sides),
        orders=without_row(sides, wishes, whole=whole),
        whole=whole,
    )


def _when(rows: pl.DataFrame) -> dict[str, pl.Expr]:
    """The time and zone that an order is to have in the end."""
    return {
        short: pl.when(_any_diff(rows, name)).then(f"want_{name}").otherwise(_standing(rows, name))
        if f"want_{name}" in rows.columns
        else _standing(rows, name)
        for short, name in _TIMES.items()
    }


def _side_by_side(sides: Sides) -> pl.DataFrame:
    """Every row beside its order, or beside the contact that may be linked; `have_*` are null where there is neither."""
    linked = sides.linked.rename({"record_uuid": "link_uuid", "code": "link_code", "detail": "link_detail"})
    mapped = {f"have_{name}" for name in (*(rule.field.name for rule in sides.rules), *_TIMES.values())}
    orders = sides.orders.select(
        "status_wire",
        *(c for c in sides.orders.columns if c in mapped),
        their_order="order_uuid",
        their_record="record_uuid",
        their_phone="phone",
        have_status="status",
    )
    contacts = sides.contacts.unique("record_uuid", keep="first", maintain_order=True)
    contacts = contacts.rename({c: f"link_{c}" for c in contacts.columns if c != "record_uuid"} | {"record_uuid": "link_uuid"})
    both = frames.beside(frames.beside(sides.desired, sides.matched, ROW), linked, ROW)
    both = frames.beside(frames.at(both, orders, both["place"]), contacts, "link_uuid")
    shared = [c.removeprefix("link_") for c in contacts.columns if c.startswith("link_have_")]
    merged = {name: pl.coalesce(*([name] if name in both.columns else []), f"link_{name}") for name in shared}
    return both.with_columns(
        code=pl.coalesce("code", "link_code"),
        detail=pl.coalesce("detail", "link_detail"),
        matched=pl.col("place").is_not_null(),
        linked=pl.col("link_uuid").is_not_null(),
        **merged,
    )


def _with_changes(both: pl.DataFrame, sides: Sides, wishes: Wishes) -> pl.DataFrame:
    """Add `diff_<field>` and the bools that say what a row asks for.

    A row that sets Do Not Call asks for nothing else: whatever it says besides is left aside, so that no request that
    carries the mark can fail, or lift it again, for another reason. A row whose action takes the order out asks for no other
    status: what an exported sheet says beside the action must not make the order callable on the way.
    """
    want = pl.col("want_status") if "want_status" in both.columns else pl.lit(None, dtype=pl.String)
    both = both.with_columns(want_status=want).with_columns(_differences(both, sides.rules, sides.visible, reopen=wishes.reopen))
    if "diff_status" not in both.columns:
        both = both.with_columns(diff_status=pl.lit(value=False))
    sets_never = pl.col("matched") & pl.col("diff_status") & (pl.col("want_status") == DO_NOT_CALL).fill_null(value=False)
    leaves = pl.col("action").is_in(["cancel", "remove"]).fill_null(value=False)
    both = both.with_columns(sets_never=sets_never, diff_status=pl.col("diff_status") & (sets_never | ~leaves))
    others = [c for c in both.columns if c.startswith("diff_") and c != "diff_status"]
    number = pl.col("phone").is_not_null() & _new_number(sides.rules)
    phones = [wishes.is_never(pl.col(c)) for c in ("phone", "their_phone", "link_phone")]
    return both.with_columns(
        *[(pl.col(c) & ~pl.col("sets_never")).alias(c) for c in others],
        diff_phoneNumber=number & (pl.col("matched") | pl.col("linked")) & ~pl.col("sets_never"),
        cancels=pl.col("matched") & ((pl.col("action") == "cancel").fill_null(value=False)) & ~pl.col("sets_never"),
        removes=pl.col("matched") & ((pl.col("action") == "remove").fill_null(value=False)) & ~pl.col("sets_never"),
        forbidden=pl.any_horizontal(phones),
    )


def _new_number(rules: Sequence[Rule]) -> pl.Expr:
    """Whether a row's number is another one than stands there, and the mapping lets it replace that."""
    stands = pl.coalesce("their_phone", "link_phone")
    overwrite = next((rule.overwrite for rule in rules if rule.field.name == "phoneNumber"), Overwrite.ALWAYS)
    if overwrite is Overwrite.NEVER:
        return pl.lit(value=False)
    return stands.is_null() if overwrite is Overwrite.IF_BLANK else pl.col("phone").ne_missing(stands)


def _differences(both: pl.DataFrame, rules: Sequence[Rule], visible: frozenset[str], *, reopen: bool) -> list[pl.Expr]:
    """`diff_<field>` of each mapped field: the sheet wants another value than stands there, and the mapping lets it.

    A null in `want_*` leaves the field alone. `!=` would call null against "x" no difference: ne_missing is meant.
    An order that the dialer is trying already has the call that a sheet asks for; only `--reopen` plans it anew.
    """
    known = pl.col("matched") | pl.col("linked")
    columns = []
    for rule in rules:
        name = rule.field.name
        if f"want_{name}" not in both.columns:
            continue
        want = pl.col(f"want_{name}")
        stands = _standing(both, name)
        differs = pl.when(want == CLEAR).then(stands.is_not_null()).otherwise(want.ne_missing(stands))
        if rule.overwrite is Overwrite.IF_BLANK:
            differs &= stands.is_null()
        if rule.overwrite is Overwrite.NEVER or name not in visible:
            differs &= ~known
        if name == "status" and not reopen:
            differs &= ~(want.is_in(list(RELEASING)) & stands.is_in(list(UNDER_WAY)).fill_null(value=False))
        columns.append((want.is_not_null() & differs).alias(f"diff_{name}"))
    return columns


def _standing(both: pl.DataFrame, name: str) -> pl.Expr:
    """What stands in the campaign for a field; null where that could not be read."""
    column = "have_status" if name == "status" else f"have_{name}"
    return pl.col(column) if column in both.columns else pl.lit(None, dtype=pl.String)


def _any_diff(both: pl.DataFrame, *names: str) -> pl.Expr:
    there = [f"diff_{name}" for name in names if f"diff_{name}" in both.columns]
    return pl.any_horizontal(there) if there else pl.lit(value=False)


def _asks(both: pl.DataFrame) -> dict[Ask, pl.Expr]:
    """What each matched row asks of its order, as bools by kind of wish."""
    names = [c.removeprefix("diff_") for c in both.columns if c.startswith("diff_")]
    details = [n for n in names if n.startswith("parameters.") or n in {"name", "firstName", "lastName", "email", "country"}]
    properties = [n for n in names if n not in {*details, "status", "phoneNumber"}]
    asks = asks_of_status(pl.col("want_status"), pl.col("diff_status"))
    asks[Ask.CANCEL] = asks[Ask.CANCEL] | pl.col("cancels")
    asks[Ask.REMOVE] = pl.col("removes")
    asks[Ask.NUMBER] = pl.col("diff_phoneNumber")
    asks[Ask.PROPERTIES] = _any_diff(both, *properties)
    asks[Ask.DETAILS] = _any_diff(both, *details)
    return {ask: (pl.col("matched") & asked).fill_null(value=False) for ask, asked in asks.items()}


def _rule(both: pl.DataFrame, wishes: Wishes) -> pl.Expr:
    """The code of what stands against a live row, null where nothing does. Gravest first."""
    asks = _asks(both)
    asks_any = pl.any_horizontal(*asks.values())
    matched, want = pl.col("matched"), pl.col("want_status")
    ruled = forbids_expr(pl.col("have_status"), asks, reopen=wishes.reopen)
    says_never = (want == DO_NOT_CALL).fill_null(value=False)
    # A wish never to be called that cannot be carried out (which of two orders?) is held, loudly, not filed as protected.
    unheard = says_never & pl.col("code").is_not_null()
    resting = matched & (pl.col("have_status") == DO_NOT_CALL) & ~asks_any
    leaves = pl.col("action").is_in(["cancel", "remove"]) | (want == CANCELED)
    foreign = pl.when(matched).then(pl.col("diff_status") & ~want.is_in(list(ASKABLE))).otherwise(~want.is_in(list(_STARTING)))
    past = (
        _any_diff(both, "scheduledTime") & (pl.col("want_scheduledTime") < wishes.now.strftime("%Y-%m-%dT%H:%M:%SZ"))
        if ("want_scheduledTime" in both.columns)
        else pl.lit(value=False)
    )
    chain: Mapping[str, pl.Expr] = {
        "asked-skip": pl.col("action") == "skip",
        "do-not-call": (pl.col("forbidden") | (~matched & says_never)) & ~resting & ~pl.col("sets_never") & ~unheard,
        "*": pl.col("code").is_not_null(),
        "nothing-to-cancel": ~matched & leaves,
        "mode-create": matched & asks_any & (wishes.mode is Mode.CREATE) & ~pl.col("sets_never"),
        "mode-update": ~matched & (wishes.mode is Mode.UPDATE),
        "unsettled": ~matched & wishes.is_unsettled(pl.col("phone")),
        "associate-callable": _starts_callable(wishes),
        "**": ruled.is_not_null(),
        "status-not-askable": want.is_not_null() & foreign,
        "time-past": past,
    }
    codes = [
        pl.when(pl.col("verdict").is_null() & condition.fill_null(value=False)).then(
            {"*": pl.col("code"), "**": ruled}.get(code, pl.lit(code))
        )
        for code, condition in chain.items()
    ]
    return pl.coalesce(codes)


def _starts_callable(wishes: Wishes) -> pl.Expr:
    """Whether linking a row's contact would plan a call that the row does not ask for, by what an earlier run has learned."""
    if wishes.link_start is None or group_of(wishes.link_start) in (Group.QUIET, Group.ENDED):
        return pl.lit(value=False)
    asked = pl.coalesce("want_status", pl.lit(wishes.initial_status)).is_in(list(RELEASING))
    return ~pl.col("matched") & pl.col("linked") & ~asked


def _decided(both: pl.DataFrame, sides: Sides, wishes: Wishes) -> pl.DataFrame:
    """Add `outcome` and `act`, and the order, contact and number that the report names."""
    lacking = pl.col(ROW).is_in(sides.needed["row"].unique().implode()) | pl.lit(bool(sides.needed_unmapped))
    open_ = pl.col("verdict").is_null() & pl.col("rule").is_null()
    new, linked, matched = ~pl.col("matched") & ~pl.col("linked"), pl.col("linked"), pl.col("matched")
    still_there = ~is_group(pl.col("have_status"), Group.ENDED)
    cancels = (
        pl.col("cancels") | (pl.col("diff_status") & (pl.col("want_status") == CANCELED)).fill_null(value=False)
    ) & still_there
    changed = pl.any_horizontal([c for c in both.columns if c.startswith("diff_")])
    act = (
        pl.when(~open_ | (new & lacking))
        .then(None)
        .when(new)
        .then(pl.lit("create"))
        .when(~matched & linked)
        .then(pl.lit("associate"))
        .when(pl.col("removes"))
        .then(pl.lit("remove"))
        .when(cancels)
        .then(pl.lit("cancel"))
        .when(changed)
        .then(pl.lit("update"))
    )
    verdicts = {code: "unchanged" if str(entry.verdict) == "note" else str(entry.verdict) for code, entry in CATALOGUE.items()}
    acted = both.with_columns(act=act, lacks=open_ & new & lacking)
    return acted.with_columns(
        outcome=pl.coalesce(
            "verdict",
            pl.col("rule").replace_strict(verdicts, default=None, return_dtype=pl.String),
            pl.when("lacks").then(pl.lit("rejected")),
            pl.col("act").replace_strict(ACTS, default=None, return_dtype=pl.String),
            pl.lit("unchanged"),
        ),
        order_uuid=pl.coalesce("their_order", "order_uuid"),
        record_uuid=pl.coalesce("their_record", "link_uuid", "record_uuid"),
        their_phone=pl.coalesce("their_phone", "link_phone"),
        phone=pl.when(pl.col("act").is_not_null() & ~pl.col("diff_phoneNumber"))
        .then(pl.coalesce("their_phone", "link_phone", "phone"))
        .otherwise(pl.coalesce("phone", "their_phone", "link_phone")),
        status=pl.coalesce("want_status", pl.lit(wishes.initial_status)),
    )


def _changes(rows: pl.DataFrame, rules: Sequence[Rule]) -> pl.DataFrame:
    """Old and new of every field that an act changes, in the sheet's order."""
    acting = rows.filter(pl.col("act").is_not_null() & (pl.col("act") != "remove"))
    parts = [
        acting.filter(pl.col("matched") & (pl.col("act") == "cancel") & ~pl.col("diff_status")).select(
            ROW, field=pl.lit("status"), old="have_status", new=pl.lit(CANCELED)
        ),
        acting.filter(pl.col("diff_phoneNumber") | (pl.col("act") == "create")).select(
            ROW, field=pl.lit("phoneNumber"), old=pl.coalesce("their_phone", "link_phone"), new="phone"
        ),
        acting.filter(~pl.col("matched")).select(ROW, field=pl.lit("status"), old=pl.lit(None, dtype=pl.String), new="status"),
    ]
    for name in [r.field.name for r in rules if f"diff_{r.field.name}" in rows.columns and r.field.home is not Home.KEY]:
        if name != "phoneNumber":
            shown = acting.filter(pl.col(f"diff_{name}") & (pl.col("matched") | (pl.lit(name) != "status")))
            new = pl.when(pl.col(f"want_{name}") != CLEAR).then(f"want_{name}")
            parts.append(shown.select(ROW, field=pl.lit(name), old=_standing(rows, name), new=new))
    return frames.fit(pl.concat(parts).rename({ROW: "row"}), CHANGE_SCHEMA).sort("row", maintain_order=True)


def _issues(rows: pl.DataFrame, sides: Sides) -> pl.DataFrame:
    """One issue for each row that a rule stopped, and those of rows that lack what a new contact needs."""
    source = pl.coalesce("their_order", pl.lit("ledger"))
    status_cases = ["in-call", "already-contacted", "status-unfamiliar", "status-not-askable", "already-canceled"]
    cell = (
        pl.when(pl.col("rule") == "status-not-askable")
        .then("want_status")
        .when(pl.col("rule").is_in(["match-missing", "record-missing"]))
        .then("detail")
    )
    if "want_scheduledTime" in rows.columns:
        cell = cell.when(pl.col("rule") == "time-past").then("want_scheduledTime")
    detail = (
        pl.when(pl.col("rule").is_in(status_cases))
        .then(pl.coalesce("status_wire", pl.lit("not in the campaign")))
        .when(pl.col("rule") == "do-not-call")
        .then(
            pl.when(pl.col("have_status") == DO_NOT_CALL).then(pl.format("order {}", source)).otherwise(pl.lit("ledger or sheet"))
        )
        .when(pl.col("rule") == "nothing-to-cancel")
        .then(pl.coalesce("action", pl.lit("cancel")))
        .otherwise("detail")
    )
    ruled = rows.filter(pl.col("rule").is_not_null()).select(row=ROW, code="rule", cell=cell, detail=detail)
    lacking = rows.filter("lacks").select(row=ROW)
    unmapped = [lacking.with_columns(code=pl.lit("value-required"), heading=pl.lit(title)) for title in sides.needed_unmapped]
    needed = sides.needed.join(lacking, on="row", how="semi", maintain_order="left")
    found = [frames.fit(part, ISSUE_SCHEMA) for part in (ruled, needed, *unmapped)]
    return pl.concat(found).sort("row", maintain_order=True)
