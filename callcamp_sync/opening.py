"""A sheet that may still be read while its campaign is looked up and listed.

In:  a Request and settings. Out: a Coming, which is the Subject by and by. I/O: disk.
A small sheet is read first: what is wrong with it is told before anybody is asked for anything. Reading a large one takes as long
as many pages of a list; where it turns out to be wrong, a few GETs were sent in vain, and nothing else.
"""

from __future__ import annotations

import anyio

from callcamp_sync.aside import aside
from callcamp_sync.bench import Request, Terms, load_terms, subject_of
from callcamp_sync.mapping import Mapping as SheetMapping
from callcamp_sync.planning import Subject
from callcamp_sync.settings import Settings
from callcamp_sync.sheets import text_size

#: Bytes of text in a file that is read while the campaign is.
LARGE = 4_000_000

#: Bytes of text in a row, more than almost any row has: a file has at least so many rows.
_ROW = 4_000


class Coming:
    """A Subject that is there, or will be once `load` was called. rows: of the sheet, or how many it has at least."""

    def __init__(self, *, settings: Settings, mapping: SheetMapping, rows: int) -> None:
        self.settings = settings
        self.mapping = mapping
        self.rows = rows
        self._terms: Terms | None = None
        self._subject: Subject | None = None
        self._read = anyio.Event()

    @classmethod
    def of(cls, subject: Subject) -> Coming:
        """One that is there."""
        made = cls(settings=subject.settings, mapping=subject.mapping, rows=subject.sheet.info.rows)
        made._arrived(subject)
        return made

    @classmethod
    def under(cls, terms: Terms, size: int) -> Coming:
        """One that is still to be read, from a file with so many bytes of text."""
        made = cls(settings=terms.settings, mapping=terms.mapping, rows=size // _ROW)
        made._terms = terms
        return made

    @property
    def is_there(self) -> bool:
        """Whether nobody has to wait for it."""
        return self._subject is not None

    async def load(self) -> Subject:
        """The Subject, which is read now where it was not yet. Raises SheetError."""
        if self._subject is None and self._terms is not None:
            self._arrived(await aside(subject_of, self._terms))
        return await self.loaded()

    async def loaded(self) -> Subject:
        """The Subject, once it was read: for who works beside the one who reads it."""
        await self._read.wait()
        assert self._subject is not None
        return self._subject

    def _arrived(self, subject: Subject) -> None:
        self._subject = subject
        self._read.set()


async def open_sheet(request: Request, settings: Settings) -> Coming:
    """The request's Subject, read already unless its sheet is a large file. Raises SheetError, MappingError, UsageError."""
    terms = load_terms(request, settings)
    size = text_size(request.source)
    return Coming.under(terms, size) if size >= LARGE else Coming.of(await aside(subject_of, terms))
