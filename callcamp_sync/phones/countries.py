"""Names of countries as people write them -> ISO 3166-1 alpha-2, from phonenumbers' own tables. Pure: no I/O, no clock.

In:  a word such as "Germany", "Deutschland", "UK". Out: "DE", "DE", "GB"; null where it is no such name, or a name of several.
For suggestions that a person looks at before they count: what a sheet's cell means is said by its mapping.
Rule source: phonenumbers' locale data (English and the languages of _LANGUAGES); the short forms of _SHORT.
"""

from __future__ import annotations

from functools import cache

_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pt")

_SHORT = {
    **{"uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB"},
    **{"usa": "US", "united states of america": "US", "america": "US", "holland": "NL", "the netherlands": "NL"},
    **{"uae": "AE", "czech republic": "CZ", "republic of ireland": "IE"},
}


def country_of(word: str) -> str | None:
    """The country that `word` names, in any letter case; null for a code, a blank, and everything else."""
    return _names().get(" ".join(word.replace(".", "").split()).casefold())


@cache
def _names() -> dict[str, str]:
    """Folded name -> code. Imported where it is needed: the table is large."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    found: dict[str, set[str]] = {}
    for code, names in LOCALE_DATA.items():
        for language in _LANGUAGES:
            name = names.get(language, "")
            name = names.get(name[1:], "") if name.startswith("*") else name
            found.setdefault(name.casefold(), set()).add(code)
    return {name: next(iter(codes)) for name, codes in found.items() if name and len(codes) == 1} | _SHORT
