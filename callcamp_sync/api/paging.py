"""Pages of a list that may change while it is read -> one frame, and whether it is proved complete. Pure: no I/O, no clock.

In:  answers of `?page=&limit=`, in whatever order they arrive.
Out: a Listing. `complete` only if one pass over all pages saw one constant `total` and exactly that many distinct ids: then, by
     the pigeonhole principle, nothing was skipped and nothing counted twice, whatever the sort order. Otherwise the union of
     all passes, last seen wins, and complete is False. A pass may begin at any page: where `total` changed between two answers,
     the next pass begins with the answers since that change, and reads only the pages that came before it again.
Rule source: the vendor's page (`total, page, limit, totalPages`); what it leaves open (order and stability of a list) is
     taken to be unfriendly. Rows are kept as frames of some thousand, never as objects.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise, repeat

import polars as pl

from callcamp_sync.api.columns import Source, page_texts

#: Items asked for per page: the vendor's maximum.
PAGE_LIMIT = 100

#: Times that all pages may be read before a listing is taken as it is.
PASSES = 3

#: The same for a list of more pages than SHORT: what is still unsure then is searched one by one.
LONG_PASSES = 2
SHORT = 50

_EMPTY_PAGES = 3

#: Rows that are gathered before they become a frame, and the most that are kept back while an earlier page is on its way.
_FRAME_ROWS = 5_000
_MOST_HELD = 20_000

_PAGE, _PASS, _NTH = "__page__", "__pass__", "__nth__"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a list held while it was read.

    frame: String columns, raw text of the JSON values, null for null and absent; one row an id. total: as the server last said,
    or the rows found where it says nothing. complete: proved, as the module says. notes: sentences about what was odd.
    """

    frame: pl.DataFrame
    total: int
    complete: bool
    notes: tuple[str, ...] = ()


def items_of(said: object, name: str) -> list[object] | None:
    """The list under `name` in a page; None if this is no page of that list."""
    found = said.get(name) if isinstance(said, dict) else None
    return found if isinstance(found, list) else None


def _count(said: Mapping[str, object], name: str) -> int | None:
    found = said.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An answer: its page, the total that it named, how many of its items have no id."""

    page: int
    total: int | None
    nameless: int


@dataclass(frozen=True, slots=True)
class _Held:
    """The texts of an answer that are no frame yet; nth: as which answer they came."""

    page: int
    nth: int
    texts: Mapping[str, list[str | None]]
    rows: int


class Pass:
    """One pass over all pages: which page comes next, and what the pages proved. done: answers that it took in itself."""

    def __init__(self, name: str, columns: Mapping[str, Source]) -> None:
        self._name = name
        self._columns = columns
        self._key = next(iter(columns))
        self._next = 1
        self._size = PAGE_LIMIT
        self._totals: set[int | None] = set()
        self._ids: set[str | None] = set()
        self._seen: dict[tuple[str | None, ...], int] = {}
        self._ended = False
        self._empty = 0
        self._arrivals: list[_Arrival] = []
        self._kept: frozenset[int] = frozenset()
        self._frames: list[pl.DataFrame] = []
        self._open: set[int] = set()
        self._held: list[_Held] = []
        self._answers = 0
        self.pages = 1
        self.done = 0
        self.nameless = 0
        self.total: int | None = None
        self.repeated = False

    def next_page(self) -> int | None:
        """The next page to ask for, in order; None when, by what is known so far, there is none."""
        while self._next in self._kept:
            self._next += 1
        if self._ended or self._next > self.pages:
            return None
        self._next += 1
        self._open.add(self._next - 1)
        return self._next - 1

    def take(self, page: int, said: Mapping[str, object]) -> None:
        """Take in the answer for `page`, which must have the list in it. Growth of `total` adds pages at the tail."""
        items = items_of(said, self._name) or []
        texts, nameless = page_texts(items, self._columns)
        ids = tuple(texts[self._key])
        self.done += 1
        self.nameless += nameless
        self._arrivals.append(_Arrival(page, _count(said, "total"), nameless))
        self._count_pages(page, said, len(items))
        if ids and self._seen.setdefault(ids, page) != page:
            self.repeated = self._ended = True
        self._ids.update(ids)
        self._open.discard(page)
        self._answers += 1
        self._held.append(_Held(page, self._answers, texts, len(ids)))
        held = sum(one.rows for one in self._held)
        if held >= _FRAME_ROWS:
            self._flush(min(self._open) if self._open and held < _MOST_HELD else math.inf)

    def follow(self) -> Pass:
        """A further pass. It begins with the answers that this one got since `total` last changed, if it changed at all."""
        after = Pass(self._name, self._columns)
        since = self._since_change()
        if not since or self._ended:
            return after
        after._kept = frozenset(one.page for one in since)
        after._arrivals = since
        after._frames = [self.frame().filter(pl.col(_PAGE).is_in(after._kept))]
        after._answers = self._answers
        after._ids = set(after._frames[0][self._key])
        after._totals = {self.total}
        after._size, after.pages, after.total = self._size, self.pages, self.total
        after.nameless = sum(one.nameless for one in since)
        return after

    def _since_change(self) -> list[_Arrival]:
        """The answers from the last change of `total` on; none where it never changed."""
        changes = [at for at, (before, one) in enumerate(pairwise(self._arrivals), 1) if before.total != one.total]
        return self._arrivals[changes[-1] :] if changes else []

    def _flush(self, before: float) -> None:
        """Turn the texts of pages `before` a page into a frame: a frame for every page would cost more than the page's JSON.

        Several pages are on their way at once and come in any order; those with one still open before them are kept for later, so
        that the frames are in the order of the pages, and nobody has to sort a million rows.
        """
        due = sorted((one for one in self._held if one.page < before), key=lambda one: one.page)
        self._held = [one for one in self._held if one.page >= before]
        columns = {name: list(chain.from_iterable(one.texts[name] for one in due)) for name in self._columns}
        frame = pl.DataFrame(columns, schema=dict.fromkeys(self._columns, pl.String()))
        pages, numbers = (
            pl.Series(name, list(chain.from_iterable(values)), pl.UInt32)
            for name, values in (
                (_PAGE, (repeat(one.page, one.rows) for one in due)),
                (_NTH, (repeat(one.nth, one.rows) for one in due)),
            )
        )
        self._frames.append(frame.with_columns(pages, numbers))

    def frame(self) -> pl.DataFrame:
        """The rows, with the page that each came on and as which answer that came; an id may stand more than once."""
        self._flush(math.inf)
        return pl.concat(self._frames)

    def _count_pages(self, page: int, said: Mapping[str, object], items: int) -> None:
        total, limit = _count(said, "total"), _count(said, "limit")
        self._totals.add(total)
        self.total = total if total is not None else self.total
        if page == 1 and items:
            # A server may cap the page lower than what was asked for, and may or may not say so.
            capped = items if total is None or total > items else PAGE_LIMIT
            self._size = min(capped, limit or PAGE_LIMIT, PAGE_LIMIT)
        if not items:
            # One empty page in the middle may be an accident; several mean that `total` promises too much.
            self._empty += 1
            self._ended = self._ended or page >= self.pages or total is None or self._empty >= _EMPTY_PAGES
        elif total is None:
            self.pages = max(self.pages, page + 1)
        else:
            self.pages = max(self.pages, math.ceil(total / self._size), _count(said, "totalPages") or 0)

    @property
    def proved(self) -> bool:
        """Whether this pass alone proves that it saw everything."""
        return self._totals == {len(self._ids)} and not self.nameless

    @property
    def drifted(self) -> bool:
        """Whether the server gave different totals on the way."""
        return len(self._totals) > 1


def combine(passes: Sequence[Pass], columns: Mapping[str, Source]) -> Listing:
    """The listing that `passes` (at least one) amount to: the last one alone if it is proved, else the union of all."""
    last = passes[-1]
    chosen = [last] if last.proved else list(passes)
    key = next(iter(columns))
    frames = [one.frame().with_columns(pl.lit(number, pl.UInt8).alias(_PASS)) for number, one in enumerate(chosen)]
    in_order = all(frame[_PAGE].is_sorted() for frame in frames)
    frame = pl.concat(frames)
    # Where every id was seen once, and the pages are in order, nothing is moved: a copy of a million rows counts.
    if frame[key].n_unique() < frame.height:
        frame = frame.sort(_PASS, _NTH, maintain_order=True).unique(subset=key, keep="last", maintain_order=True)
        in_order = False
    if not in_order:
        frame = frame.sort(_PASS, _PAGE, maintain_order=True)
    frame = frame.drop(_PASS, _PAGE, _NTH)
    total = last.total if last.total is not None else frame.height
    return Listing(frame=frame, total=total, complete=last.proved, notes=tuple(_notes(passes, frame.height)))


def _notes(passes: Sequence[Pass], rows: int) -> list[str]:
    last = passes[-1]
    notes = []
    if last.nameless:
        notes.append(f"{last.nameless} items of the list have no id and were left out")
    if last.repeated:
        notes.append("the server gave the same page for different page numbers")
    if last.total is None:
        notes.append("the server does not say how many there are")
    elif not last.proved:
        notes.append(f"read {len(passes)} times, found {rows}, the server last said {last.total}")
    if any(one.drifted for one in passes):
        notes.append("the list changed while it was read")
    return notes
