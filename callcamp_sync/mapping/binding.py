"""A mapping, one sheet's headings and one record type, joined: which column feeds which field, and how. Pure: no I/O.

In:  a Mapping (or the plain one), the sheet's headings in order, the record type's parameters.
Out: a Binding: one Feed for each Callcamp field that the sheet fills, and the headings that nothing reads.
Everything that does not fit raises one MappingError with a line for each problem: nothing is guessed, nothing half mapped.
Rule source: interface document, "Columns that need no mapping file".
"""

from __future__ import annotations

from collections import abc
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from callcamp_sync.errors import MappingError
from callcamp_sync.fields import BY_NAME, Home, fold_heading
from callcamp_sync.fields import Field as CallcampField
from callcamp_sync.mapping.document import TABLES, UNCLEARABLE, Entry, Mapping, Unknown
from callcamp_sync.mapping.wording import listed, suggestion, told
from callcamp_sync.rules import ParameterSpec, Rule

#: How a field's column is named in issues when every row has the same text.
CONSTANT = "(constant)"

#: The keys that count when the mapping names none, in this order: what says most exactly which order is meant comes first.
_KEYS = ("order_uuid", "record_uuid", "phone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One Callcamp field and where its text comes from.

    headings: as the sheet spells them, first non-blank counts; empty with const. values: cell -> text. clear_word: empties the
    field, without regard to case. blank_clears: a blank cell empties it.
    """

    rule: Rule
    headings: tuple[str, ...] = ()
    const: str | None = None
    values: abc.Mapping[str, str] = field(default_factory=dict)
    on_unknown: Unknown = Unknown.ERROR
    clear_word: str | None = None
    blank_clears: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """How this sheet is read.

    feeds: in the order of fields.FIELDS, then the record type's. unmatched: headings that nothing reads, to be named in the plan.
    region: ISO 3166-1 alpha-2 for numbers without "+", or null. region_feed: the column that says it by row. keys: what finds a
    row's order, in order (phone, record_uuid, order_uuid, parameters.ID). notices: sentences for the plan.
    """

    feeds: tuple[Feed, ...]
    unmatched: tuple[str, ...] = ()
    region: str | None = None
    region_feed: Feed | None = None
    keys: tuple[str, ...] = ()
    null_words: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """One Rule a column of the mapped frame, in that order."""
        return tuple(feed.rule for feed in self.feeds)


def bind(
    mapping: Mapping,
    headings: Sequence[str],
    parameters: Sequence[ParameterSpec],
    *,
    by_name: bool,
    keys: Sequence[str] = (),
) -> Binding:
    """Say which column feeds which field.

    headings: of the sheet, in its order. parameters: of the campaign's record type; empty when it has none. by_name: no mapping
    file was given, so headings are matched to fields and parameters by name. keys: instead of the mapping's `[match] keys`.
    A heading that a file names is looked for exactly, then without regard to case, spaces, `_` and `-`.
    Raises MappingError with all problems: headings the sheet lacks, parameters the record type lacks, two headings for one
    field, keys that no column feeds, nothing that identifies a contact.
    """
    problems: list[str] = []
    scope = _Scope.of(mapping, headings, parameters)
    feeds = _said(scope, problems)
    named, notices = _named(scope, feeds, problems) if by_name or _has_rest(mapping) else ({}, [])
    feeds |= named
    region_feed = _region_feed(scope, feeds, problems)
    chosen = tuple(keys) or mapping.match.keys
    if not problems:
        problems += _identity_problems(feeds, headings) or _key_problems(chosen, feeds)
    if problems:
        cells = () if any(feed.headings for feed in feeds.values()) else tuple(headings)
        raise MappingError(told(mapping.path, problems), hint=_hint(mapping), cells=cells)
    used = {heading for feed in (*feeds.values(), *filter(None, [region_feed])) for heading in feed.headings}
    return Binding(
        feeds=tuple(feeds[name] for name in scope.fields if name in feeds),
        unmatched=tuple(heading for heading in headings if heading not in used and not heading.startswith("_")),
        region=mapping.phone.region,
        region_feed=region_feed,
        keys=chosen or tuple(key for key in _KEYS if _column(key) in feeds),
        null_words=mapping.source.null_words,
        notices=tuple(notices),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """What the parts of `bind` share: fields and specs by field name, the record type's after Callcamp's own."""

    mapping: Mapping
    headings: tuple[str, ...]
    fields: abc.Mapping[str, CallcampField]
    specs: abc.Mapping[str, ParameterSpec]

    @classmethod
    def of(cls, mapping: Mapping, headings: Sequence[str], parameters: Sequence[ParameterSpec]) -> _Scope:
        specs = {spec.field.name: spec for spec in parameters}
        fields = BY_NAME | {name: spec.field for name, spec in specs.items()}
        return cls(mapping=mapping, headings=tuple(headings), fields=fields, specs=specs)


def _column(key: str) -> str:
    return "phoneNumber" if key == "phone" else key


def _has_rest(mapping: Mapping) -> bool:
    return mapping.record.rest or mapping.parameters.rest or mapping.order.rest


def _in_rest(mapping: Mapping, known: CallcampField) -> bool:
    """Whether this field may be matched by name: it is in a table with `"*" = "match"`, or no table says anything."""
    if not _has_rest(mapping):
        return True
    if known.home is Home.PARAMETER:
        return mapping.parameters.rest
    return (mapping.record.rest and known.name in TABLES["record"]) or (mapping.order.rest and known.name in TABLES["order"])


def _said(scope: _Scope, problems: list[str]) -> dict[str, Feed]:
    """The feeds that the file spells out; what does not fit goes to `problems`."""
    tables = {"record": scope.mapping.record, "order": scope.mapping.order, "parameters": scope.mapping.parameters}
    feeds = {}
    for table, key, entry in ((table, key, entry) for table, content in tables.items() for key, entry in content.entries.items()):
        name = f"parameters.{key}" if table == "parameters" else key
        if name not in scope.fields:
            problems.append(f"[parameters] {key}: {_no_parameter(key, scope.specs)}")
            continue
        if table == "parameters":
            problems += [f"[parameters] {key}: {words}" for words in entry.misfits(scope.fields[name])]
        found = _located(f"[{table}] {key}", entry.headings, scope.headings, problems)
        feeds[name] = _feed(scope, _rule(entry, scope.fields[name], found), found, entry)
    return feeds


def _no_parameter(name: str, specs: abc.Mapping[str, ParameterSpec]) -> str:
    if not specs:
        return "the campaign's record type has no parameters"
    titles = {fold_heading(spec.field.title): spec.field.wire for spec in specs.values()}
    ids = [spec.field.wire for spec in specs.values()]
    meant = titles.get(fold_heading(name))
    near = f"; did you mean `{meant}`?" if meant else suggestion(name, ids) or f"; it has {listed(ids)}"
    return f"the record type has no parameter `{name}`{near}"


def _located(where: str, wanted: Iterable[str], headings: Sequence[str], problems: list[str]) -> tuple[str, ...]:
    """The sheet's own spelling of each wanted heading; headings that are not there, or there twice, are problems."""
    found = []
    for heading in wanted:
        alike = [known for known in headings if fold_heading(known) == fold_heading(heading)]
        if heading in headings:
            found.append(heading)
        elif len(alike) == 1:
            found.append(alike[0])
        elif alike:
            problems.append(f"{where}: `{heading}` could be any of {listed(alike)}; write the heading exactly")
        else:
            near = suggestion(heading, headings) or f"; its columns are {listed(headings)}"
            problems.append(f"{where}: the sheet has no column `{heading}`{near}")
    return tuple(found)


def _rule(entry: Entry, known: CallcampField, headings: Sequence[str]) -> Rule:
    return Rule(
        field=known,
        heading=" / ".join(headings) or CONSTANT,
        required=entry.required,
        formats=entry.formats,
        decimal=entry.decimal or ".",
        thousands=entry.thousands,
        timezone=entry.timezone,
        overwrite=entry.overwrite,
    )


def _feed(scope: _Scope, rule: Rule, headings: tuple[str, ...], entry: Entry | None = None) -> Feed:
    """A feed for `rule`. Without an entry: a plain column. What the record type says of it is added where the rows are read."""
    spec = scope.specs.get(rule.field.name)
    required = rule.required or (spec is not None and spec.required)
    blank_clears = scope.mapping.sync.blank == "clear" and rule.field.kind not in UNCLEARABLE and not required
    if entry is None:
        return Feed(rule=rule, headings=headings, blank_clears=blank_clears)
    if isinstance(entry.clear, bool):
        blank_clears = entry.clear and not required
    return Feed(
        rule=rule,
        headings=headings,
        const=entry.const,
        values=entry.values,
        on_unknown=entry.on_unknown or Unknown.ERROR,
        clear_word=entry.clear if isinstance(entry.clear, str) else None,
        blank_clears=blank_clears and entry.const is None,
    )


def _named(scope: _Scope, feeds: abc.Mapping[str, Feed], problems: list[str]) -> tuple[dict[str, Feed], list[str]]:
    """The feeds of columns whose heading names a field or a parameter; and what the user should know about them.

    A heading that names both is the field: `parameters.ID` names the parameter for certain.
    """
    taken = {heading for feed in feeds.values() for heading in feed.headings}
    free = [heading for heading in scope.headings if heading not in taken and not heading.startswith("_")]
    open_to = {name: known for name, known in scope.fields.items() if name not in feeds and _in_rest(scope.mapping, known)}
    core, by_id, by_title = _spellings(open_to)
    claims: dict[str, list[str]] = {}
    rivals: dict[str, str] = {}
    for heading in free:
        folded = fold_heading(heading)
        titled = by_title.get(folded, [])
        if len(titled) > 1 and folded not in core and folded not in by_id:
            problems.append(f"`{heading}` is the title of several parameters ({listed(titled)}); use an id as the heading")
            continue
        parameter = by_id.get(folded) or next(iter(titled), None)
        name = core.get(folded) or parameter
        if name is not None:
            claims.setdefault(name, []).append(heading)
        if name in BY_NAME and parameter is not None:
            rivals[heading] = parameter
    problems += [
        f"{listed(several)} all name the field `{name}`; rename or remove all but one, or use a mapping file"
        for name, several in claims.items()
        if len(several) > 1
    ]
    notices = [
        f"`{heading}` fills the field {core[fold_heading(heading)]}; head a column `{parameter}` to fill that parameter"
        for heading, parameter in rivals.items()
        if parameter not in claims
    ]
    rules = {name: Rule(field=open_to[name], heading=several[0]) for name, several in claims.items()}
    return {name: _feed(scope, rule, (rule.heading,)) for name, rule in rules.items()}, notices


def _spellings(fields: abc.Mapping[str, CallcampField]) -> tuple[dict[str, str], dict[str, str], dict[str, list[str]]]:
    """Folded heading -> field name: of Callcamp's own fields, of parameters by id, and by title (several may share one)."""
    core: dict[str, str] = {}
    by_id: dict[str, str] = {}
    by_title: dict[str, list[str]] = {}
    for name, known in fields.items():
        if known.home is Home.PARAMETER:
            by_id |= {fold_heading(known.wire): name, fold_heading(name): name}
            by_title.setdefault(fold_heading(known.title), []).append(name)
        else:
            core |= {fold_heading(spelling): name for spelling in (name, known.title, *known.aliases)}
    return core, by_id, by_title


def _region_feed(scope: _Scope, feeds: abc.Mapping[str, Feed], problems: list[str]) -> Feed | None:
    """The column of `region_from`; where it feeds the country too, its `values` count here as well."""
    wanted = scope.mapping.phone.region_from
    if wanted is None:
        return None
    found = _located("[phone] region_from", [wanted], scope.headings, problems)
    country = feeds.get("country")
    rule = Rule(field=BY_NAME["country"], heading=" / ".join(found))
    # An unknown country stays as it is: blank would fall back to `region` and read the number in the wrong country.
    if country is None or not found or found[0] not in country.headings:
        return Feed(rule=rule, headings=found, on_unknown=Unknown.KEEP)
    return replace(country, rule=rule, headings=found, on_unknown=Unknown.KEEP, blank_clears=False)


def _identity_problems(feeds: abc.Mapping[str, Feed], headings: Sequence[str]) -> list[str]:
    if any(_column(key) in feeds for key in _KEYS):
        return []
    return [f"no column holds the phone number; the sheet has {listed(headings) or 'no columns'}"]


def _key_problems(keys: Sequence[str], feeds: abc.Mapping[str, Feed]) -> list[str]:
    fed = [key for key in (*_KEYS, *(name for name in feeds if name.startswith("parameters."))) if _column(key) in feeds]
    return [
        f"[match] keys: no column feeds `{key}`{suggestion(key, fed) or f'; columns feed {listed(fed)}'}"
        for key in keys
        if _column(key) not in feeds
    ]


def _hint(mapping: Mapping) -> str:
    if mapping.path:
        return f"correct `{mapping.path}`, or the sheet's first row"
    return "name the columns as docs/mapping.md lists them, or pass a mapping file with `-m`"
