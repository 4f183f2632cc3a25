"""The parameters that a mapping file names, where no record type is at hand. Pure: no I/O, no clock.

In:  a Mapping. Out: one ParameterSpec a parameter, its kind taken from what the entry says of its cells (formats: a date;
signs: a number), else text. Good enough to see how cells are read; whether the record type has them only a campaign can tell.
"""

from __future__ import annotations

from callcamp_sync.fields import Field, Home, Kind
from callcamp_sync.mapping.document import Entry, Mapping
from callcamp_sync.rules import ParameterSpec


def assumed_parameters(mapping: Mapping) -> tuple[ParameterSpec, ...]:
    """A ParameterSpec for each parameter that the file names, in its order."""
    return tuple(
        ParameterSpec(field=Field(f"parameters.{name}", _kind(entry), Home.PARAMETER, name))
        for name, entry in mapping.parameters.entries.items()
    )


def _kind(entry: Entry) -> Kind:
    timed = entry.timezone is not None or any("%H" in form or "%I" in form for form in entry.formats)
    if entry.formats or timed:
        return Kind.INSTANT if timed else Kind.DATE
    return Kind.NUMBER if entry.decimal or entry.thousands else Kind.TEXT
