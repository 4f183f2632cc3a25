"""Where the files that come with the program are: sample sheets and ready mappings, in a checkout or in an installed package."""

from __future__ import annotations

from pathlib import Path

from callcamp_sync.errors import StateError

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """The folder `sample_data` or `mappings`. Raises StateError when the installation lacks it."""
    for place in (_PACKAGE / "_share" / name, _PACKAGE.parent / name):
        if place.is_dir():
            return place
    raise StateError(f"the folder `{name}` did not come with this installation", hint="install callcamp-sync again")
