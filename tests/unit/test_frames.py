"""What stands beside what: by a key that the other side has once, or by its place."""

from __future__ import annotations

import polars as pl
import pytest

from callcamp_sync import frames

ROWS = pl.DataFrame({"key": ["a", None, "c", "a"], "n": [1, 2, 3, 4]})


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        pytest.param(["a", "b", "c"], ["of a", None, "of c", "of a"], id="all but nobody's"),
        pytest.param(["c", None], [None, None, "of c", None], id="a blank key is no key"),
        pytest.param([], [None, None, None, None], id="nothing at all"),
    ],
)
def test_columns_of_the_row_with_the_same_key_stand_beside(keys: list[str | None], found: list[str | None]) -> None:
    said = pl.DataFrame({"key": keys, "said": [f"of {key}" for key in keys]}, schema={"key": pl.String, "said": pl.String})
    both = frames.beside(ROWS, said, "key")
    assert both.columns == ["key", "n", "said"]
    assert both.drop("said").equals(ROWS)
    assert both["said"].to_list() == found


def test_columns_by_place() -> None:
    other = pl.DataFrame({"x": ["zero", "one"]})
    assert frames.at(ROWS, other, pl.Series([1, None, 0, 1], dtype=pl.UInt32))["x"].to_list() == ["one", None, "zero", "one"]
