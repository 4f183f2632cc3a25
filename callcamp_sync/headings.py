"""Which heading a field gets in a sheet that we write, so that the import knows it without a mapping file. Pure: no I/O.

In:  fields, Callcamp's own and a record type's. Out: one heading a field, each of which names that field and no other.
Rule source: interface document, "Columns that need no mapping file"; mapping/binding.py, where ids outrank titles and Callcamp's
own fields outrank both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from callcamp_sync.fields import FIELDS, Field, Home, fold_heading


def headings(fields: Sequence[Field]) -> dict[str, str]:
    """Field name -> heading: the title where it is unmistakable, else the parameter's id, else `parameters.ID`."""
    own = {fold_heading(spelling) for known in FIELDS for spelling in (known.name, known.title, *known.aliases)}
    parameters = [field for field in fields if field.home is Home.PARAMETER]
    ids = Counter(fold_heading(field.wire) for field in parameters)
    titles = Counter(fold_heading(field.title) for field in parameters)
    found = {}
    for field in fields:
        title, short = fold_heading(field.title), fold_heading(field.wire)
        alone = titles[title] == 1 and (ids[title] == 0 or title == short)
        if field.home is not Home.PARAMETER or (_usable(field.title, own) and alone):
            found[field.name] = field.title
        elif _usable(field.wire, own) and ids[short] == 1:
            found[field.name] = field.wire
        else:
            found[field.name] = field.name
    return found


def _usable(heading: str, taken: set[str]) -> bool:
    """A heading that begins with `_` is a column of ours, which the import leaves alone."""
    plain = heading == heading.strip() and bool(fold_heading(heading)) and heading.isprintable()
    return plain and not heading.startswith("_") and fold_heading(heading) not in taken
