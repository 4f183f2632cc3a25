"""The long form in parts, each a task for a process of its own.

In:  a seed and the part's number. Out: its Verdict. The same seed gives the same cells.
"""

from __future__ import annotations

import random

from .corpora import CORPORA, all_rendered
from .referee import Verdict, compared

#: How many cells of each kind; examples are all there are.
COUNTS = {"mutations": 1_000_000, "patterns": 500_000, "floats": 100_000, "junk": 300_000}
#: Parts of the examples, and cells in one part of the others.
SHARES, PART = 8, 100_000


def examples(seed: int, share: int) -> Verdict:
    """One part of all examples in all spellings."""
    return compared(list(all_rendered(random.Random(f"{seed} {share}"), share, SHARES)))


def others(name: str, seed: int, part: int, count: int) -> Verdict:
    """One part of another corpus."""
    return compared(list(CORPORA[name](random.Random(f"{seed} {name} {part}"), count)))
