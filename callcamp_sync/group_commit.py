"""Who commits, when, and for whom: many tasks, few fsyncs. An edge: what it is given to call touches the disk.

In:  tasks that want something on the disk before they go on. Out: each goes on when the commit that holds it is durable.
While commits are cheap, each task makes its own, one a turn of the loop, in the order in which they came: answers that arrive
together then leave one after another, and not all at the end of their common work. Where single commits would take too much of
the time, tasks share one: all that come while a commit is under way gather for the next. One event loop at a time; seconds are
the loop's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar, checkpoint

from callcamp_sync.errors import StateError

W = TypeVar("W")

#: Single commits may take this share of the time, and so many wishes may come for each of them; beyond that they are shared.
#: Judged anew after so many wishes.
_SHARE, _CROWD, _JUDGED_AFTER = 0.33, 1.5, 64

#: Commits that may be waited for one behind another; who comes later shares the last of them.
_LINE = 4

#: Turns of the loop that a commit waits for company where commits are shared, as long as each brings some.
_TURNS = 2

#: A commit that took longer than this is slow: so many of the next ones are made in a thread. A quick one is over before a busy
#: loop would have heard from the thread.
_QUICK_SECONDS, _SLOW_COMMITS = 0.002, 100


@dataclass(slots=True)
class _Group(Generic[W]):
    """Wishes that share one commit. The task that opened it commits for all."""

    wanted: list[W] = field(default_factory=list)
    done: anyio.Event = field(default_factory=anyio.Event)
    durable: bool = False
    error: StateError | None = None


@dataclass(slots=True)
class _Load:
    """What the commits of one event loop cost of late. light: whether each wish may have one of its own."""

    light: bool = True
    began: float | None = None
    wishes: int = 0
    commits: int = 0
    quickest: float = math.inf

    def add(self, wishes: int, began: float, ended: float) -> None:
        """Take a commit into account. A crowd before single commits says that they cannot keep up, whatever they cost."""
        if self.began is None:
            self.began = began
        self.wishes, self.commits, self.quickest = self.wishes + wishes, self.commits + 1, min(self.quickest, ended - began)
        if self.wishes >= _JUDGED_AFTER:
            crowded = self.light and self.wishes > _CROWD * self.commits
            self.light = not crowded and self.wishes * self.quickest <= _SHARE * (ended - self.began)
            self.began, self.wishes, self.commits, self.quickest = ended, 0, 0, math.inf


#: Campaigns that run at once in one loop have its time together.
_LOAD: RunVar[_Load] = RunVar("load of group commits")


def _load() -> _Load:
    load = _LOAD.get(None)
    if load is None:
        load = _Load()
        _LOAD.set(load)
    return load


class GroupCommit(Generic[W]):
    """The line before one disk. commit: has all that it is given on the disk when it returns; raises StateError."""

    def __init__(self, commit: Callable[[Sequence[W]], None]) -> None:
        self._commit = commit
        self._open: _Group[W] | None = None  # the last one in line, while it may be joined
        self._last: _Group[W] | None = None  # the last one in line
        self._line = 0
        self._in_thread = 0  # commits that are still to be made there

    async def join(self, wanted: Sequence[W]) -> None:
        """Returns when `wanted` is on the disk, with whatever else was to be written. Raises StateError when it is not.

        A task that is cancelled while it waits may have its wish granted all the same.
        """
        group = self._open
        if group is None or (_load().light and self._line < _LINE):
            group = self._open = _Group()
            group.wanted.extend(wanted)
            await self._lead(group)
        else:
            group.wanted.extend(wanted)
            await group.done.wait()
        if not group.durable:
            error = group.error or StateError("a commit to the journal was given up before its end")
            raise StateError(error.message, hint=error.hint) from error

    async def _lead(self, group: _Group[W]) -> None:
        """Wait for the commits before it, close the group, commit it, wake its members. Others depend on it: not cancellable."""
        before, self._last = self._last, group
        self._line += 1
        with anyio.CancelScope(shield=True):
            try:
                if before is not None:
                    await before.done.wait()
                await self._gather(group)
                if self._open is group:
                    self._open = None
                await self._commit_soon(group)
                group.durable = True
            except StateError as error:
                group.error = error
            finally:
                self._line -= 1
                if self._last is group:
                    self._last = None
                group.done.set()

    async def _gather(self, group: _Group[W]) -> None:
        """Let those join that were woken together with this one; where commits are cheap, one turn for the requests before."""
        for _ in range(1 if _load().light else _TURNS):
            members = len(group.wanted)
            await checkpoint()
            if len(group.wanted) == members:
                break

    async def _commit_soon(self, group: _Group[W]) -> None:
        """Commit at once while the disk is quick, in a thread while it is slow, so that no answer waits long for it."""
        began = anyio.current_time()
        if self._in_thread:
            self._in_thread -= 1
            await anyio.to_thread.run_sync(self._commit, group.wanted)
            _load().add(len(group.wanted), began, anyio.current_time())
            return
        self._commit(group.wanted)
        ended = anyio.current_time()
        _load().add(len(group.wanted), began, ended)
        if ended - began > _QUICK_SECONDS:
            self._in_thread = _SLOW_COMMITS
