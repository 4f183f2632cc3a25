"""A mapping file as rules, and sheet columns -> Callcamp columns. Pure: no I/O, no clock; the caller reads the TOML file.

    parse_mapping(data, path=...)        a TOML document -> Mapping, or one MappingError that lists every problem
    plain_mapping()                      what holds when no file is given
    bind(mapping, headings, parameters)  Mapping + this sheet + this record type -> Binding
    map_columns(frame, binding)          the sheet's columns -> one column per Callcamp field, and issues
    assumed_parameters(mapping)          the parameters that a file names, where no record type is at hand
    json_schema()                        the form of a file, for editors

Rule source: interface document, "Columns that need no mapping file" and "What a cell means"; docs/mapping.md lists every key.
"""

from __future__ import annotations

from callcamp_sync.mapping.assumed import assumed_parameters
from callcamp_sync.mapping.binding import Binding, Feed, bind
from callcamp_sync.mapping.columns import REGION, map_columns
from callcamp_sync.mapping.document import Entry, Mapping, parse_mapping, plain_mapping
from callcamp_sync.mapping.editor import json_schema

__all__ = [
    "REGION",
    "Binding",
    "Entry",
    "Feed",
    "Mapping",
    "assumed_parameters",
    "bind",
    "json_schema",
    "map_columns",
    "parse_mapping",
    "plain_mapping",
]
