"""How one column is to be read: what the mapping, the Record Type and the field's own kind say, in one value.

Pure: no I/O. `mapping` makes a Rule for each column that it feeds, `schema` a ParameterSpec for each parameter; `rows` joins
the two.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from callcamp_sync.fields import Field


class Overwrite(StrEnum):
    """When a sheet's value may replace what stands in the campaign."""

    ALWAYS = "always"
    IF_BLANK = "if_blank"
    NEVER = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSpec:
    """One parameter of a Record Type.

    field: name `parameters.<id>`, kind by the declared type. pattern: the server's `validation`, unchecked. error: its message.
    choices: allowed values of a select, empty where the vendor shows none. default: used by the server on create only.
    """

    field: Field
    required: bool = False
    pattern: str | None = None
    error: str | None = None
    default: str | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How one Callcamp column is read.

    heading: as issues name it: the sheet's heading, several joined by " / ", or "(constant)". formats: strftime formats, tried
    before ISO 8601. decimal, thousands: the signs of numbers. timezone: IANA zone of times without one; null means the row's own
    `scheduledTimeTimezone`, and without that an issue.
    """

    field: Field
    heading: str
    required: bool = False
    formats: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str | None = None
    timezone: str | None = None
    overwrite: Overwrite = Overwrite.ALWAYS
    choices: tuple[str, ...] = ()
    pattern: str | None = None
    error: str | None = None
    default: str | None = None

    def under(self, spec: ParameterSpec) -> Rule:
        """This rule with what the Record Type says of the parameter."""
        return replace(
            self,
            field=spec.field,
            required=self.required or spec.required,
            choices=spec.choices,
            pattern=spec.pattern,
            error=spec.error,
            default=spec.default,
        )
