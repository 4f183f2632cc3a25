"""Record Types as the vendor may send them, and patterns as JavaScript reads them."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from callcamp_sync.fields import Field, Home, Kind
from callcamp_sync.rules import ParameterSpec
from callcamp_sync.schema import empty_schema, judge_pattern, read_record_type


def one(**parameter: Any) -> ParameterSpec:
    """The only parameter of a Record Type."""
    (spec,) = read_record_type({"uuid": "t1", "parameters": [{"id": "company", **parameter}]}).parameters
    return spec


KINDS = {
    "text": Kind.TEXT,
    "input": Kind.TEXT,
    "textarea": Kind.TEXT,
    "string": Kind.TEXT,
    "number": Kind.NUMBER,
    "decimal": Kind.NUMBER,
    "bool": Kind.BOOL,
    "date": Kind.DATE,
    "datetime": Kind.INSTANT,
    "currency": Kind.MONEY,
    "country": Kind.COUNTRY,
    "select": Kind.SELECT,
    "Number": Kind.NUMBER,
    "hologram": Kind.TEXT,
}


@pytest.mark.parametrize(("declared", "kind"), KINDS.items())
def test_a_declared_type_has_its_kind(declared: str, kind: Kind) -> None:
    assert one(type=declared).field.kind is kind


def test_a_parameter_is_read_whole() -> None:
    spec = one(type="string", title="Company", required=True, validation="^A", default="Acme", error="Begin with A", slug="x")
    field = Field("parameters.company", Kind.TEXT, Home.PARAMETER, "Company", ("company", "Company"))
    assert spec == ParameterSpec(field=field, required=True, pattern="^A", error="Begin with A", default="Acme")
    assert spec.field.wire == "company"


def test_what_a_parameter_lacks_is_absent() -> None:
    spec = one(type="text", validation="", default=None, required=None, title=None)
    field = Field("parameters.company", Kind.TEXT, Home.PARAMETER, "company", ("company",))
    assert spec == ParameterSpec(field=field)


@pytest.mark.parametrize(("default", "text"), [(3, "3"), (2.5, "2.5"), (True, "true"), (False, "false"), ([], None)], ids=repr)
def test_a_default_is_text(default: object, text: str | None) -> None:
    assert one(type="text", default=default).default == text


CHOICES: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "strings": ({"options": ["Red", "Green", "Red"]}, ("Red", "Green")),
    "values with labels": ({"options": [{"value": "r", "label": "Red"}, {"value": 2, "label": "Two"}]}, ("r", "2")),
    "ids with titles": ({"options": [{"id": "r", "title": "Red"}]}, ("r",)),
    "labels alone": ({"options": [{"label": "Red"}]}, ("Red",)),
    "a mapping of values": ({"options": {"r": "Red", "g": "Green"}}, ("r", "g")),
    "another name for the list": ({"choices": ["Red"]}, ("Red",)),
    "odd entries": ({"options": [None, "", {}, ["x"], "Red"]}, ("Red",)),
    "no list": ({"options": "Red"}, ()),
    "nothing": ({}, ()),
}


@pytest.mark.parametrize(("keys", "choices"), CHOICES.values(), ids=CHOICES.keys())
def test_choices_of_a_select(keys: dict[str, Any], choices: tuple[str, ...]) -> None:
    assert one(type="select", **keys).choices == choices


NOTICES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown type": ({"parameters": [{"id": "a", "type": "hologram"}]}, "`hologram`"),
    "no type": ({"parameters": [{"id": "a"}]}, "no type"),
    "no id": ({"parameters": [{"type": "text"}]}, "parameter 1"),
    "no object": ({"parameters": ["a"]}, "parameter 1"),
    "an id twice": ({"parameters": [{"id": "a", "type": "text"}] * 2}, "`a` twice"),
    "no choices": ({"parameters": [{"id": "a", "type": "select"}]}, "choices of `a`"),
    "no list of parameters": ({"parameters": {"a": {}}}, "not a list"),
}


@pytest.mark.parametrize(("data", "words"), NOTICES.values(), ids=NOTICES.keys())
def test_what_is_odd_is_told(data: dict[str, Any], words: str) -> None:
    (notice,) = read_record_type(data).notices
    assert words in notice


@pytest.mark.parametrize("data", [{}, {"parameters": None}, {"parameters": []}], ids=["missing", "null", "empty"])
def test_a_record_type_without_parameters_asks_nothing(data: dict[str, Any]) -> None:
    schema = read_record_type(data)
    assert (schema.parameters, schema.notices) == ((), ())


def test_no_record_type_asks_nothing() -> None:
    assert empty_schema().parameters == ()


def test_the_digest_changes_with_a_parameter_only() -> None:
    data: dict[str, Any] = {"uuid": "t1", "name": "Leads", "parameters": [{"id": "a", "type": "text"}]}
    digest = read_record_type(data).digest
    assert len(digest) == 64
    assert read_record_type({"updatedAt": "later", **data, "parameters": [{"type": "text", "id": "a"}]}).digest == digest
    assert read_record_type({**data, "parameters": [{"id": "a", "type": "text", "required": True}]}).digest != digest


FITS = {
    "a pattern is searched for": (r"\d", "a1b", True),
    "unless it is anchored": (r"^\d$", "a1b", False),
    "an end is the very end": (r"^\d$", "1\n", False),
    "digits are ASCII": (r"^\d$", "\u0661", False),
    "a literal with its flag": ("/^abc$/i", "ABC", True),
    "a literal without flags": ("/^abc$/", "ABC", False),
    "a path is no literal": ("/a/b", "/a/b", True),
    "lines, where the pattern asks for them": ("/^b$/m", "a\nb", True),
    "a code point by four digits": (r"^\u00e9$", "\u00e9", True),
    "a range of code points": (r"^[\u4e00-\u9fa5]+$", "\u6c49\u5b57", True),
    "a pair of surrogates": (r"^\ud83d\ude00$", "\U0001f600", True),
    "a code point in braces": (r"/^\u{1F600}$/u", "\U0001f600", True),
    "a hyphen after a set is itself": (r"^[\w-.]+$", "a-b.c", True),
    "a hyphen before a set is itself": (r"^[.-\d]+$", "1-.", True),
    "a range beside it stays a range": (r"^[a-c\d]+$", "b", True),
    "an escaped hyphen": (r"^[a\-c]+$", "b", False),
    "a bracket within brackets": (r"^[a[]+$", "[", True),
    "brackets around nothing": (r"a[]", "a", False),
    "brackets around everything": (r"^[^]$", "\n", True),
    "a no-break space is white space": (r"^\s$", "\u00a0", True),
    "and no other thing": (r"^\S$", "\u00a0", False),
    "also within brackets": (r"^[\s]$", "\ufeff", True),
    "and against them": (r"^[^\s]$", "\u3000", False),
    "what is no white space, within brackets": (r"^[\S]$", "\u2009", False),
    "a dot is no line end": (r"^.$", "\u2028", False),
    "unless it shall be": (r"/^.$/s", "\u2028", True),
    "a backspace within brackets": (r"^[\b]$", "\b", True),
    "a border of a word outside": (r"\bb\b", "a b c", True),
    "a control character": (r"^\cJ$", "\n", True),
    "a zero character": (r"^\0$", "\0", True),
    "an escaped slash": (r"^\/$", "/", True),
    "an escaped underscore": (r"^\_$", "_", True),
    "an escaped letter beyond ASCII": ("^\\\u00e9$", "\u00e9", True),
    "letters of any script": (r"^\p{L}+$", "Zo\u00eb", True),
    "a named group": (r"^(?<year>\d{4})$", "2026", True),
    "braces that count nothing": (r"^a{,2}$", "a{,2}", True),
    "a pattern of nothing": ("", "", True),
    "a pattern that other engines never finish": (r"^(a+)+$", "a" * 20_000 + "!", False),
    "two units that count as one with u": ("/^.{2}$/u", "a\U0001f600\U0001f600", False),
    "a character that JavaScript counts twice": ("^.{3}$", "a\U0001f600", None),
    "a line end that RE2 does not know": ("/^b$/m", "a\rb", None),
}


@pytest.mark.parametrize(("pattern", "value", "fits"), FITS.values(), ids=FITS.keys())
def test_a_pattern_is_judged_as_javascript_does(pattern: str, value: str, fits: bool | None) -> None:
    judged = judge_pattern(pl.Series([value]), pattern)
    assert isinstance(judged, pl.Series)
    assert judged.to_list() == [fits]


UNFIT = {
    "a look ahead": ("(?=a)", "ahead or behind"),
    "a negative look behind": ("(?<!a)b", "ahead or behind"),
    "a reference back": (r"(a)\1", "refers back"),
    "a reference back by name": (r"(?<n>a)\k<n>", "refers back"),
    "an anchor of other engines": (r"\Aabc\z", r"`\A`"),
    "a class of other engines": ("[[:alpha:]]", "`[:"),
    "half a surrogate pair": (r"\ud83d", "half a character"),
    "a flag without counterpart": ("/a/v", "`v`"),
    "a backslash at the end": ("a\\", "backslash"),
    "no pattern at all": ("(", "missing )"),
    "a count beyond all measure": ("a{1001}", "{1001}"),
}


@pytest.mark.parametrize(("pattern", "words"), UNFIT.values(), ids=UNFIT.keys())
def test_what_cannot_be_run_is_a_sentence(pattern: str, words: str, capfd: pytest.CaptureFixture[str]) -> None:
    sentence = judge_pattern(pl.Series(["a"]), pattern)
    assert isinstance(sentence, str)
    assert words in sentence
    assert capfd.readouterr() == ("", "")


def test_a_column_keeps_its_name_order_and_nulls() -> None:
    judged = judge_pattern(pl.Series("code", ["1", None, "a", "1"]), r"^\d$")
    assert isinstance(judged, pl.Series)
    assert (judged.name, judged.to_list(), judged.dtype) == ("code", [True, None, False, True], pl.Boolean())


def test_an_empty_column_is_judged() -> None:
    judged = judge_pattern(pl.Series([], dtype=pl.String), "a")
    assert isinstance(judged, pl.Series)
    assert judged.dtype == pl.Boolean()
