"""Wherever a column has a fast way, it says what the slow one says: numbers, addresses, patterns, quotes, one person."""

from __future__ import annotations

import re

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st

from callcamp_sync.fields import Kind
from callcamp_sync.policy import _VARIANTS, person_key
from callcamp_sync.schema import judge_pattern
from callcamp_sync.sheets.records import _well_formed_cell_by_cell, well_formed
from callcamp_sync.values import numbers, texts

digits = st.text("0123456789", max_size=17)
signs = st.sampled_from(["", "", "+", "-", "\u2212", "+-"])
points = st.sampled_from(["", ".", ",", ".."])
numerals = st.builds("{}{}{}{}".format, signs, digits, points, digits)
labels = st.text("aB1-_é\u0301日.", max_size=6)
addresses = st.builds(
    "{}@{}.{}".format, st.text("aB.+é", max_size=66), labels, st.sampled_from(["com", "COM", "c", "xn--80ak", "日本"])
)
pattern_parts = st.sampled_from(
    [r"\d", "[A-Z]", "[a-z0-9-]", r"[\d.]", "a", "B", "7", "(", ")", "|", "^", "$", "+", "?", "{2}", r"\[", r"\w", "."]
)
phones = st.builds(
    "{}{}".format, st.sampled_from(["+52", "+521", "+549", "+55", "+5511", "+1", "1", ""]), st.text("0123456789", max_size=13)
)
bytes_parts = st.sampled_from([b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"a"])


@example(["9999999999999999", "+9999999999999999", "1234567890.1234567"], ".", None)
@given(st.lists(numerals, max_size=30), st.sampled_from([".", ","]), st.sampled_from([None, ",", ".", "'", " "]))
def test_a_number_read_by_column_is_the_number_read_by_cell(cells: list[str], decimal: str, thousands: str | None) -> None:
    """Where the fast way answers, it is the slow way's answer; and it answers for all plain digits."""
    found = numbers.simple(pl.Series(cells, dtype=pl.String), decimal=decimal, thousands=thousands)
    for cell, value in zip(cells, found, strict=True):
        assert value is None or value == numbers.read_number(cell, decimal=decimal, thousands=thousands)[0]


@given(st.lists(numerals, max_size=30))
def test_a_number_of_the_server_reads_the_same_by_column(cells: list[str]) -> None:
    """The campaign's side takes the same fast way."""
    for cell, value in zip(cells, numbers.simple(pl.Series(cells, dtype=pl.String)), strict=True):
        assert value is None or value == numbers.held_number(cell)[0]


def test_plain_digits_take_the_fast_way() -> None:
    """Otherwise the law above would hold for a fast way that never answers."""
    cells = pl.Series(["0", "-0.00", "+007", "12.50", "999999999999999", "0.5", "-3.000"])
    assert numbers.simple(cells).to_list() == ["0", "0", "7", "12.5", "999999999999999", "0.5", "-3"]


@given(st.lists(addresses | st.text("ab@.", max_size=9), max_size=20))
@example(["İ@ex.com", "a@Ex.com", "a@\u0301x.com"])
def test_an_address_is_judged_by_one_pattern_whatever_its_letters(cells: list[str]) -> None:
    """The pattern for ASCII says what the pattern for all letters says."""
    column = pl.Series("cell", cells, dtype=pl.String)
    shaped = column.str.contains(texts._EMAIL)
    short = column.str.head(255).str.split("@").list.first().str.len_chars() <= 64
    fits = shaped & short & (column.str.len_chars() <= 254)
    assert texts.read(column, Kind.EMAIL)["code"].is_null().to_list() == fits.to_list()


@example(r"[\d.]", ["١", "1"])
@example(r"\d", ["١", "1"])
@given(st.lists(pattern_parts, min_size=1, max_size=6).map("".join), st.lists(st.text("aB7-.[ 1١é\n😀", max_size=5), max_size=10))
def test_a_pattern_found_by_column_is_found_by_re2(pattern: str, cells: list[str]) -> None:
    """A trailing word that can never be there keeps RE2's way: both answers must be the same."""
    column = pl.Series(cells, dtype=pl.String)
    slow = judge_pattern(column, rf"(?:{pattern})|\x01\w")
    if not isinstance(slow, str):
        fast = judge_pattern(column, pattern)
        assert not isinstance(fast, str)
        assert fast.to_list() == slow.to_list()


@given(st.lists(bytes_parts, max_size=14).map(b"".join))
def test_quotes_judged_at_a_stride_are_judged_as_cell_by_cell(text: bytes) -> None:
    """Both ways agree on every text."""
    assert well_formed(text, b",") == _well_formed_cell_by_cell(text, b",", 0)


@given(st.lists(phones, max_size=20))
def test_numbers_of_one_person_are_found_among_all_as_alone(column: list[str]) -> None:
    """The patterns are tried on few numbers, and that must leave none out."""
    keys = pl.Series("p", column, dtype=pl.String).to_frame().select(person_key(pl.col("p")))["p"].to_list()
    for phone, key in zip(column, keys, strict=True):
        wanted = re.sub(r"\A([1-9]\d{10,14})\Z", r"+\1", phone)
        for pattern, replacement in _VARIANTS:
            wanted = re.sub(pattern.replace("$", r"\Z"), re.sub(r"\$\{(\d)\}", r"\\g<\1>", replacement), wanted)
        assert key == wanted
