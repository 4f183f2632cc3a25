"""The sheet's side: text columns -> what each row asks for, in canonical text, and everything that is wrong with it.

In:  a Sheet, the mapping's Binding for it, the Record Type's parameters.
Out: Desired. `frame` has one row a row of the sheet: ROW; `verdict` (null for a live row, else `rejected`, `held`,
     `duplicate`); `phone` (E.164), `order_uuid`, `record_uuid`, `action`; and `want_<field>` of each mapped field
     (canonical text, null leaves the field alone, CLEAR empties it). `issues` names all faults of all rows.
Pure: no I/O. This room composes mapping, phones, values, schema and merge; none of those knows another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from callcamp_sync import frames, merge, phones, schema, values
from callcamp_sync.fields import BY_NAME, CLEAR, ROW, Field, Home, Kind
from callcamp_sync.issues import CATALOGUE, Verdict
from callcamp_sync.mapping import Binding, map_columns
from callcamp_sync.model import ISSUE_SCHEMA, Exported, OnDuplicate, Part, Sheet
from callcamp_sync.policy import person_key
from callcamp_sync.rules import Rule
from callcamp_sync.statuses import DO_NOT_CALL

#: What the campaign's side is matched by and the row's own wish; all other fields are wanted values.
_KEYS = ("order_uuid", "record_uuid", "action")
_REGION = "__region__"

#: How many rows of a group are named in a message; a sheet may hold one number a million times.
_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a sheet asks about, whatever its cells say: the mapped fields that carry values, and what finds a row's order."""

    fields: tuple[Field, ...]
    keys: tuple[str, ...]


def asked(binding: Binding) -> Asked:
    """Of a sheet whose headings are bound, before its cells are read."""
    return Asked(fields=_fields(binding.rules), keys=binding.keys)


def _fields(rules: Sequence[Rule]) -> tuple[Field, ...]:
    return tuple(rule.field for rule in rules if rule.field.name not in (*_KEYS, "phoneNumber"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Desired:
    """What the sheet asks for.

    needed: issues that count only if the row becomes a new contact (a required cell is blank). needed_unmapped: titles of
    required parameters that no column feeds. rules: one a mapped column. notices: sentences for people. cells: the sheet's own
    text, ROW and a column a field. exported: what an export of ours remembers, else null.
    """

    frame: pl.DataFrame
    issues: pl.DataFrame
    needed: pl.DataFrame
    needed_unmapped: tuple[str, ...]
    rules: tuple[Rule, ...]
    keys: tuple[str, ...]
    notices: tuple[str, ...]
    cells: pl.DataFrame
    exported: Exported | None = None

    @property
    def fields(self) -> tuple[Field, ...]:
        """The mapped fields that carry values, the phone number apart."""
        return _fields(self.rules)

    def lacks(self, orders: pl.DataFrame) -> bool:
        """Whether the sheet is an export, and some of these orders are none that it was made of."""
        if self.exported is None:
            return False
        return not orders["order_uuid"].is_in(self.exported.baseline["order_uuid"].implode()).all()


def read_rows(
    sheet: Sheet,
    binding: Binding,
    record_type: schema.RecordSchema,
    *,
    region: str | None = None,
    on_duplicate: OnDuplicate = OnDuplicate.HOLD,
    part: Part | None = None,
) -> Desired:
    """Read every row of the sheet. region: for numbers without a country code, where the mapping names none. Never raises.

    part: what `read_part` made of the same sheet before, in one piece or several.
    """
    part = part or read_part(sheet, binding, record_type, region=region)
    rules = _rules(sheet, binding, record_type)
    settled, twins = _duplicates(part.frame, on_duplicate)
    unmapped = tuple(
        s.field.title
        for s in record_type.parameters
        if s.required and s.default is None and s.field.name not in {r.field.name for r in rules}
    )
    unread = [f"no field fits the column `{heading}`, so it is not used" for heading in binding.unmatched]
    return Desired(
        frame=settled,
        issues=pl.concat([part.issues, twins]).sort("row", maintain_order=True),
        needed=part.needed,
        needed_unmapped=unmapped,
        rules=rules,
        keys=binding.keys,
        notices=(*sheet.info.warnings, *record_type.notices, *binding.notices, *part.unchecked, *unread),
        cells=sheet.frame.select(ROW, **{r.field.name: r.heading for r in rules if r.heading in sheet.frame.columns}),
        exported=sheet.exported,
    )


def read_part(sheet: Sheet, binding: Binding, record_type: schema.RecordSchema, *, region: str | None = None) -> Part:
    """What each row says, whatever the other rows are: of a whole sheet, or of a piece of one. Never raises."""
    rules, zone = _rules(sheet, binding, record_type), sheet.exported.zone if sheet.exported is not None else None
    mapped, mapping_issues = map_columns(sheet.frame, binding)
    read, issues = _read_columns(mapped, rules, binding.region or region, zone)
    unchecked, pattern_issues = _check_patterns(mapped, read, rules)
    found = pl.concat([sheet.issues, mapping_issues, *issues, *pattern_issues])
    asked_for = frozenset(rule.field.name for rule in binding.rules if rule.required)
    blank, needed = _required(mapped, read, rules, asked_for)
    found = pl.concat([found, blank])
    return Part(
        frame=read.join(_verdicts(found), on=ROW, how="left", maintain_order="left"),
        issues=found.sort("row", maintain_order=True),
        needed=needed.sort("row", maintain_order=True),
        unchecked=tuple(unchecked),
    )


def _rules(sheet: Sheet, binding: Binding, record_type: schema.RecordSchema) -> tuple[Rule, ...]:
    specs = {spec.field.name: spec for spec in record_type.parameters}
    rules = tuple(rule.under(specs[rule.field.name]) if rule.field.name in specs else rule for rule in binding.rules)
    return rules if sheet.exported is None else tuple(map(_as_written, rules))


def _as_written(rule: Rule) -> Rule:
    """A rule for a cell that our own export wrote: no format of a mapping fits there, and its times are in the row's zone."""
    return replace(rule, formats=(), decimal=".", thousands=None, timezone=None)


def merged(desired: Desired, orders: pl.DataFrame) -> Desired:
    """Without the wants that nobody edited since the export; `desired` itself where the sheet is no export that remembers.

    orders: as they stand, shaped like snapshot.existing_orders.
    """
    if desired.exported is None:
        return desired
    baseline = desired.exported.baseline
    excused = forgiven(desired, baseline)
    found = merge.merge(excused.frame, excused.cells, baseline, orders, excused.rules)
    issues = pl.concat([excused.issues, found.issues]).sort("row", maintain_order=True)
    return replace(excused, frame=found.frame, issues=issues)


def forgiven(desired: Desired, orders: pl.DataFrame) -> Desired:
    """Without the issues of cells that say exactly what stands in the order that the row names by its id.

    What stands there is the campaign's own business: a sheet that was exported and not edited has nothing wrong with it, even
    where the server holds a number or a value that no sheet could bring in.
    """
    named = desired.issues.join(desired.frame.select(row=ROW, order_uuid="order_uuid").drop_nulls(), on="row", how="inner")
    excused: list[pl.DataFrame] = []
    for (field,), group in named.filter(pl.col("field").is_not_null()).group_by("field"):
        column = {"phoneNumber": "phone", "status": "status_wire"}.get(str(field), f"have_{field}")
        if column in orders.columns:
            stands = orders.select("order_uuid", stands=column)
            both = group.join(stands, on="order_uuid", how="inner")
            same = both.filter(pl.col("cell").str.strip_chars() == pl.col("stands"))
            excused.append(same.select("row", "code", "field", "stands"))
    if not excused or not (pardons := pl.concat(excused)).height:
        return desired
    issues = desired.issues.join(pardons, on=["row", "code", "field"], how="anti", maintain_order="left")
    phones_ = pardons.filter(pl.col("field") == "phoneNumber").select("stands", **{ROW: "row"})
    frame = (
        desired.frame.drop("verdict")
        .join(_verdicts(issues), on=ROW, how="left", maintain_order="left")
        .join(phones_, on=ROW, how="left", maintain_order="left")
        .with_columns(phone=pl.coalesce("phone", "stands"))
        .select(desired.frame.columns)
    )
    twins = desired.frame.filter(pl.col("verdict") == "duplicate").select(ROW, twin="verdict")
    frame = frame.join(twins, on=ROW, how="left", maintain_order="left").with_columns(verdict=pl.coalesce("verdict", "twin"))
    return replace(desired, frame=frame.drop("twin"), issues=issues)


def phones_that_said_never(desired: pl.DataFrame, orders: pl.DataFrame) -> pl.Series:
    """E.164 of every row that asks for Do Not Call, also of rows that are wrong otherwise: the wish counts, not the form."""
    if "want_status" not in desired.columns:
        return pl.Series("phone", [], dtype=pl.String)
    rows = desired.filter(pl.col("want_status") == DO_NOT_CALL)
    named = [orders.filter(pl.col(key).is_in(rows[key].drop_nulls().implode()))["phone"] for key in ("order_uuid", "record_uuid")]
    return pl.concat([rows["phone"], *named]).drop_nulls().unique(maintain_order=True)


def _read_columns(
    mapped: pl.DataFrame, rules: Sequence[Rule], region: str | None, zone: str | None
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Each mapped column as canonical text, and the issues of each. Time zones are read first: instants need them.

    zone: of times without one in rows that name none.
    """
    columns: dict[str, pl.Series] = {}
    issues: list[pl.DataFrame] = []
    for rule in sorted(rules, key=lambda r: r.field.kind is not Kind.TIMEZONE):
        text = mapped[rule.field.name]
        if rule.field.kind is Kind.PHONE:
            answer = phones.normalise_phones(text, _regions(mapped, region)).rename({"phone": "value"})
        else:
            zones = columns.get("want_scheduledTimeTimezone", pl.Series([None] * mapped.height, dtype=pl.String))
            answer = values.read_column(text, rule, zones=zones.fill_null(zone) if zone else zones)
        columns[_column(rule.field)] = answer["value"]
        issues.append(_issues_of(mapped[ROW], text, answer, rule))
    for name, column in (("phone", "phoneNumber"), *((key, key) for key in _KEYS)):
        if name not in columns:
            columns[name] = pl.Series(name, [None] * mapped.height, dtype=pl.String) if column not in columns else columns[column]
    return mapped.select(ROW).with_columns(**columns), issues


def _regions(mapped: pl.DataFrame, region: str | None) -> pl.Series | str | None:
    """The region to read each number in: the row's own, or where that is blank the mapping's or the flag's.

    A country that is no code gives no region: the number may belong anywhere, and is not read as if it were from here.
    """
    if _REGION not in mapped.columns:
        return region
    rule = Rule(field=BY_NAME["country"], heading=_REGION)
    own = values.read_column(mapped[_REGION], rule)["value"]
    if region is None:
        return own
    named = pl.DataFrame({"own": own, "cell": mapped[_REGION]})
    return named.select(pl.when(pl.col("cell").is_null()).then(pl.lit(region)).otherwise("own").alias("own")).to_series()


def _column(field: Field) -> str:
    if field.name == "phoneNumber":
        return "phone"
    return field.name if field.name in _KEYS else f"want_{field.name}"


def _issues_of(rows: pl.Series, text: pl.Series, answer: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    wrong = answer.with_columns(rows.alias("row"), text.alias("cell")).filter(pl.col("code").is_not_null())
    return frames.fit(wrong.with_columns(heading=pl.lit(rule.heading), field=pl.lit(rule.field.name)), ISSUE_SCHEMA)


def _check_patterns(mapped: pl.DataFrame, read: pl.DataFrame, rules: Sequence[Rule]) -> tuple[list[str], list[pl.DataFrame]]:
    """The server's patterns over readable values: (what could not be checked, issues)."""
    unchecked, issues = [], []
    for rule in (r for r in rules if r.pattern):
        values_ = read[_column(rule.field)]
        fits = schema.judge_pattern(values_, rule.pattern or "")
        if isinstance(fits, str):
            unchecked.append(f"the pattern of `{rule.field.title}` is not checked here: {fits}; the server will judge the values")
            continue
        wrong = (~fits).fill_null(value=False)
        detail = rule.error or f"it must match the pattern {rule.pattern}"
        answer = pl.DataFrame({"code": wrong.replace_strict({True: "value-pattern"}, default=None, return_dtype=pl.String)})
        issues.append(_issues_of(read[ROW], mapped[rule.field.name], answer.with_columns(detail=pl.lit(detail)), rule))
    return unchecked, issues


def _required(
    mapped: pl.DataFrame, read: pl.DataFrame, rules: Sequence[Rule], asked_for: frozenset[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(what is blank and must never be, what must not be blank in a new contact).

    The mapping's own `required` (asked_for) counts for every row; the Record Type's only where the row becomes a new contact,
    since a blank cell leaves a known contact's value alone. A row without phone and without id can be neither found nor made.
    """
    phone = next((r for r in rules if r.field.kind is Kind.PHONE), None)
    heading = phone.heading if phone else None
    blank = mapped["phoneNumber"].is_null() if phone else pl.Series([True] * mapped.height, dtype=pl.Boolean)
    parameters = [_column(r.field) for r in rules if r.field.home is Home.PARAMETER]
    keyless = read.select(pl.all_horizontal(pl.col(c).is_null() for c in ("order_uuid", "record_uuid", *parameters))).to_series()
    hopeless = blank if "phoneNumber" in asked_for else blank & keyless
    always = [_blank_issues(read[ROW].filter(hopeless), "phone-blank", heading, "phoneNumber")]
    needed = [_blank_issues(read[ROW].filter(blank & ~hopeless), "phone-blank", heading, "phoneNumber")]
    for rule in rules:
        if rule.required and rule.default is None and rule.field.kind is not Kind.PHONE:
            rows = read[ROW].filter(mapped[rule.field.name].is_null())
            issues = _blank_issues(rows, "value-required", rule.heading, rule.field.name)
            (always if rule.field.name in asked_for else needed).append(issues)
            cleared = read[ROW].filter((read[_column(rule.field)] == CLEAR).fill_null(value=False))
            always.append(_blank_issues(cleared, "value-clear", rule.heading, rule.field.name))
    if "want_name" in read.columns:
        # The server makes a name up where there is none: a cleared one would be cleared again by every run.
        heading = next(rule.heading for rule in rules if rule.field.name == "name")
        cleared = read[ROW].filter((read["want_name"] == CLEAR).fill_null(value=False))
        always.append(_blank_issues(cleared, "value-clear", heading, "name"))
    return pl.concat(always), pl.concat(needed)


def _blank_issues(rows: pl.Series, code: str, heading: str | None, field: str) -> pl.DataFrame:
    frame = (
        rows.alias("row")
        .to_frame()
        .with_columns(code=pl.lit(code), heading=pl.lit(heading, dtype=pl.String), field=pl.lit(field))
    )
    return frames.fit(frame, ISSUE_SCHEMA)


def _verdicts(issues: pl.DataFrame) -> pl.DataFrame:
    """ROW and the gravest verdict of each row that has one: rejected before held."""
    rejecting = [code for code, entry in CATALOGUE.items() if entry.verdict is Verdict.REJECT]
    holding = [code for code, entry in CATALOGUE.items() if entry.verdict is Verdict.HOLD]
    rejected, held = pl.col("code").is_in(rejecting).any(), pl.col("code").is_in(holding).any()
    verdict = pl.when(rejected).then(pl.lit("rejected")).when(held).then(pl.lit("held"))
    return issues.group_by("row").agg(verdict=verdict).rename({"row": ROW})


def _duplicates(rows: pl.DataFrame, on_duplicate: OnDuplicate) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Give rows for one contact their verdicts: one row counts, its copies are `duplicate`; rows that contradict are `held`.

    One contact: the same order id, or the same number where no id is given (a campaign may hold a number twice, and its export
    names both orders). A blank beside a filled cell is a contradiction too: which of the two was meant is not certain.
    """
    asked = [c for c in rows.columns if c not in (ROW, "verdict")]
    known = pl.col("phone").is_not_null() | pl.col("order_uuid").is_not_null()
    live = rows.filter(pl.col("verdict").is_null() & known).select(
        ROW, person=pl.coalesce("order_uuid", person_key(pl.col("phone")))
    )
    twins = live.filter(live["person"].is_duplicated())
    if twins.is_empty():
        return rows, frames.empty(ISSUE_SCHEMA)
    several = twins.join(rows, on=ROW, how="left", maintain_order="left").with_columns(wish=pl.struct(asked).hash())
    chosen = pl.col(ROW).max() if on_duplicate is OnDuplicate.LAST else pl.col(ROW).min()
    groups = several.group_by("person").agg(
        chosen=chosen,
        contradict=(pl.col("wish").n_unique() > 1) & (on_duplicate is OnDuplicate.HOLD),
        others=pl.col(ROW).sort().head(_NAMED).cast(pl.String).str.join(", "),
        more=pl.len() > _NAMED,
    )
    told = several.join(groups, on="person", maintain_order="left").filter(
        pl.col("contradict") | (pl.col(ROW) != pl.col("chosen"))
    )
    others = pl.when("more").then(pl.col("others") + ", …").otherwise("others")
    issues = told.select(
        row=ROW,
        code=pl.when("contradict").then(pl.lit("duplicate-conflict")).otherwise(pl.lit("duplicate-row")),
        detail=pl.when("contradict").then(others).otherwise(pl.col("chosen").cast(pl.String)),
    )
    verdict = pl.when("contradict").then(pl.lit("held")).otherwise(pl.lit("duplicate"))
    marked = rows.join(told.select(ROW, twin=verdict), on=ROW, how="left", maintain_order="left")
    return marked.with_columns(verdict=pl.coalesce("verdict", "twin")).drop("twin"), frames.fit(issues, ISSUE_SCHEMA)
