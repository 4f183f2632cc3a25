"""All files of the corpus."""

from __future__ import annotations

import corpus_books
import corpus_text

CASES = [*corpus_text.CASES, *corpus_books.CASES]
