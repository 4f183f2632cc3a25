"""A mapping on a sheet: which column feeds what, and what becomes of its cells."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import polars as pl
import pytest

from callcamp_sync.errors import MappingError
from callcamp_sync.fields import CLEAR, FIELDS, ROW, Field, Home, Kind
from callcamp_sync.mapping import REGION, Binding, Mapping, bind, map_columns, parse_mapping, plain_mapping
from callcamp_sync.model import ISSUE_SCHEMA
from callcamp_sync.rules import Overwrite, ParameterSpec


def parameter(name: str, kind: Kind = Kind.TEXT, title: str | None = None, *, required: bool = False) -> ParameterSpec:
    field = Field(f"parameters.{name}", kind, Home.PARAMETER, title or name.replace("_", " ").capitalize())
    return ParameterSpec(field=field, required=required)


COMPANY = parameter("company")
PLAN = parameter("plan", Kind.SELECT)
RENEWAL = parameter("renewal_date", Kind.DATE)
SEATS = parameter("seats", Kind.NUMBER)
PARAMETERS = (COMPANY, PLAN, RENEWAL, SEATS)


def parsed(toml: str) -> Mapping:
    return parse_mapping(tomllib.loads(toml), path="mappings/x.toml")


def bound(toml: str, *headings: str, parameters: tuple[ParameterSpec, ...] = PARAMETERS) -> Binding:
    return bind(parsed(toml), headings, parameters, by_name=False)


def unbound(toml: str, *headings: str, parameters: tuple[ParameterSpec, ...] = PARAMETERS) -> str:
    with pytest.raises(MappingError) as caught:
        bound(toml, *headings, parameters=parameters)
    return caught.value.message


def by_name(*headings: str, parameters: tuple[ParameterSpec, ...] = PARAMETERS) -> Binding:
    return bind(plain_mapping(), headings, parameters, by_name=True)


def fed(binding: Binding) -> dict[str, str]:
    return {rule.field.name: rule.heading for rule in binding.rules}


def sheet(**columns: list[str | None]) -> pl.DataFrame:
    height = len(next(iter(columns.values())))
    rows = pl.Series(ROW, range(2, height + 2), dtype=pl.UInt32)
    return pl.DataFrame([rows, *(pl.Series(name, cells, dtype=pl.String) for name, cells in columns.items())])


def column(toml: str, field: str, **columns: list[str | None]) -> list[str | None]:
    frame, _ = map_columns(sheet(**columns), bound(toml, *columns))
    return frame.get_column(field).to_list()


PHONE = '[record]\nphoneNumber = "Phone"\n'

# --- headings without a file --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "name"),
    [(spelling, field.name) for field in FIELDS for spelling in (field.name, field.title, *field.aliases)],
)
def test_a_heading_of_the_documented_list_fills_its_field(heading: str, name: str) -> None:
    headings = (heading,) if name in ("phoneNumber", "order_uuid", "record_uuid") else (heading, "Phone")
    assert fed(by_name(*headings))[name] == heading


@pytest.mark.parametrize("heading", ["PHONE NUMBER", "phone_number", "Phone-Number", "phoneNumber", " Phone  number "])
def test_case_spaces_underscores_and_hyphens_do_not_matter(heading: str) -> None:
    assert fed(by_name(heading)) == {"phoneNumber": heading}


@pytest.mark.parametrize("heading", ["renewal_date", "Renewal date", "RENEWAL-DATE", "parameters.renewal_date"])
def test_a_parameter_is_known_by_id_and_by_title(heading: str) -> None:
    assert fed(by_name("phone", heading))["parameters.renewal_date"] == heading


def test_a_heading_that_fits_nothing_is_named() -> None:
    assert by_name("phone", "Shoe size").unmatched == ("Shoe size",)


def test_columns_of_our_own_files_are_ignored_on_the_way_in() -> None:
    binding = by_name("_row", "_problem", "phone", "_status")
    assert (fed(binding), binding.unmatched) == ({"phoneNumber": "phone"}, ())


def test_two_headings_for_one_field_are_refused_by_name() -> None:
    with pytest.raises(MappingError, match="`Mobile`, `Phone` all name the field `phoneNumber`"):
        by_name("Mobile", "Phone")


def test_a_sheet_without_phone_and_ids_is_refused_with_its_columns() -> None:
    with pytest.raises(MappingError, match="no column holds the phone number; the sheet has `Name`, `Shoe size`") as caught:
        by_name("Name", "Shoe size")
    assert caught.value.hint is not None


def test_an_order_id_is_enough_to_identify_a_row() -> None:
    assert by_name("Order ID", "Price").keys == ("order_uuid",)


def test_without_keys_the_most_exact_id_counts_first() -> None:
    assert by_name("phone", "record id", "order id").keys == ("order_uuid", "record_uuid", "phone")


def test_a_heading_that_is_field_and_parameter_fills_the_field_and_says_so() -> None:
    binding = by_name("phone", "Email", parameters=(parameter("email"),))
    assert fed(binding)["email"] == "Email"
    assert binding.notices == ("`Email` fills the field email; head a column `parameters.email` to fill that parameter",)


def test_where_both_have_their_column_there_is_nothing_to_say() -> None:
    binding = by_name("phone", "Email", "parameters.email", parameters=(parameter("email"),))
    assert fed(binding) == {"phoneNumber": "phone", "email": "Email", "parameters.email": "parameters.email"}
    assert binding.notices == ()


def test_a_title_that_two_parameters_share_is_refused() -> None:
    twins = (parameter("plan_a", title="Plan"), parameter("plan_b", title="Plan"))
    with pytest.raises(
        MappingError, match=r"`Plan` is the title of several parameters \(`parameters.plan_a`, `parameters.plan_b`"
    ):
        by_name("phone", "Plan", parameters=twins)


# --- headings with a file -----------------------------------------------------------------------------------------------------


def test_with_a_file_only_what_the_file_says_is_read() -> None:
    binding = bound(PHONE, "Phone", "Email", "Company")
    assert (fed(binding), binding.unmatched) == ({"phoneNumber": "Phone"}, ("Email", "Company"))


def test_a_star_takes_the_other_columns_that_fit_its_table_by_name() -> None:
    binding = bound(PHONE + '[parameters]\n"*" = "match"\n', "Phone", "Company", "seats", "Email", "Shoe size")
    assert fed(binding) == {"phoneNumber": "Phone", "parameters.company": "Company", "parameters.seats": "seats"}
    assert binding.unmatched == ("Email", "Shoe size")


def test_a_column_that_the_file_uses_is_not_matched_by_name_again() -> None:
    binding = bound(PHONE + '[parameters]\nplan = "Company"\n"*" = "match"\n', "Phone", "Company")
    assert fed(binding) == {"phoneNumber": "Phone", "parameters.plan": "Company"}


def test_a_heading_is_found_in_another_spelling_when_only_one_fits() -> None:
    assert fed(bound(PHONE, "PHONE")) == {"phoneNumber": "PHONE"}


def test_the_exact_heading_counts_where_several_are_spelt_alike() -> None:
    assert fed(bound(PHONE, "phone", "Phone", "PHONE")) == {"phoneNumber": "Phone"}


@pytest.mark.parametrize(
    ("toml", "headings", "line"),
    [
        pytest.param(
            PHONE, ("Phon",), "[record] phoneNumber: the sheet has no column `Phone`; did you mean `Phon`?", id="renamed"
        ),
        pytest.param(
            PHONE,
            ("Shoe size", "Q"),
            "[record] phoneNumber: the sheet has no column `Phone`; its columns are `Shoe size`, `Q`",
            id="gone, and nothing is near",
        ),
        pytest.param(
            PHONE, ("PHONE", "phone"), "[record] phoneNumber: `Phone` could be any of `PHONE`, `phone`", id="spelt alike"
        ),
        pytest.param(
            PHONE + '[parameters]\ncompanny = "Phone"\n',
            ("Phone",),
            "[parameters] companny: the record type has no parameter `companny`; did you mean `company`?",
            id="a parameter misspelt",
        ),
        pytest.param(
            PHONE + '[parameters]\n"Renewal date" = "Phone"\n',
            ("Phone",),
            "[parameters] Renewal date: the record type has no parameter `Renewal date`; did you mean `renewal_date`?",
            id="a title instead of an id",
        ),
        pytest.param(
            PHONE + '[parameters]\ncompany = { from = "Phone", formats = ["%Y"] }\n',
            ("Phone",),
            "[parameters] company: `formats` are for dates and times, and this is text",
            id="a format for a parameter that is text",
        ),
        pytest.param(
            PHONE + '[match]\nkeys = ["record_uuid", "phone"]\n',
            ("Phone",),
            "[match] keys: no column feeds `record_uuid`; columns feed `phone`",
            id="a key without a column",
        ),
        pytest.param(
            PHONE + '[match]\nkeys = ["parameters.crm_id"]\n',
            ("Phone",),
            "[match] keys: no column feeds `parameters.crm_id`",
            id="a parameter as key without a column",
        ),
        pytest.param(
            PHONE + '[phone]\nregion_from = "Land"\n',
            ("Phone",),
            "[phone] region_from: the sheet has no column `Land`",
            id="a region column that is not there",
        ),
        pytest.param('[record]\nname = "Phone"\n', ("Phone",), "no column holds the phone number", id="nothing identifies"),
    ],
)
def test_a_file_that_does_not_fit_the_sheet_is_refused(toml: str, headings: tuple[str, ...], line: str) -> None:
    assert line in unbound(toml, *headings)


def test_a_record_type_without_parameters_says_so() -> None:
    message = unbound(PHONE + '[parameters]\ncompany = "Phone"\n', "Phone", parameters=())
    assert "the campaign's record type has no parameters" in message


def test_all_misfits_are_told_at_once() -> None:
    message = unbound('[record]\nphoneNumber = "A"\nname = "B"\n[parameters]\nzzz = "C"\n', "X")
    assert message.splitlines()[0] == "`mappings/x.toml`: 3 problems"


def test_keys_given_by_the_caller_count_before_the_file() -> None:
    mapping = parsed(PHONE + 'record_uuid = "ID"\n[match]\nkeys = ["record_uuid"]\n')
    assert bind(mapping, ["Phone", "ID"], (), by_name=False, keys=["phone"]).keys == ("phone",)


def test_a_rule_carries_the_file_and_the_record_type() -> None:
    toml = PHONE + '[parameters]\nplan = { from = ["A", "B"], overwrite = "never", required = true }\n'
    spec = replace(PLAN, choices=("basic", "pro"), error="choose a plan")
    rule = bound(toml, "Phone", "A", "B", parameters=(spec,)).rules[1].under(spec)
    assert (rule.heading, rule.overwrite, rule.required, rule.choices) == ("A / B", Overwrite.NEVER, True, ("basic", "pro"))
    assert rule.error == "choose a plan"


# --- cells --------------------------------------------------------------------------------------------------------------------

COUNTRY = PHONE + 'country = { from = "Land", values = { "United Kingdom" = "GB", UK = "GB", nowhere = "" } }\n'


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        pytest.param("United Kingdom", "GB", id="as it is listed"),
        pytest.param("  united KINGDOM ", "GB", id="spaces around it and another case"),
        pytest.param(None, None, id="a blank cell stays blank"),
        pytest.param("nowhere", None, id="a word that is mapped to nothing leaves the field alone"),
        pytest.param(" __CLEAR__ ", CLEAR, id="the word that clears needs no listing"),
    ],
)
def test_a_listed_word_becomes_its_value(cell: str | None, expected: str | None) -> None:
    assert column(COUNTRY, "country", Phone=["1"], Land=[cell]) == [expected]


def test_a_word_in_its_exact_case_counts_before_its_other_cases() -> None:
    toml = PHONE + 'country = { from = "Land", values = { uk = "UA", UK = "GB" } }\n'
    assert column(toml, "country", Phone=["1"] * 3, Land=["uk", "UK", "Uk"]) == ["UA", "GB", None]


def test_a_word_that_is_not_listed_is_an_issue_of_its_row() -> None:
    frame, issues = map_columns(sheet(Phone=["1", "2", "3"], Land=["UK", "Narnia", None]), bound(COUNTRY, "Phone", "Land"))
    assert issues.rows() == [(3, "value-unmapped", "Land", "country", "Narnia", "United Kingdom, UK, nowhere")]
    assert frame["country"].to_list() == ["GB", None, None]


@pytest.mark.parametrize(("policy", "expected"), [("keep", "Narnia"), ("blank", None)])
def test_a_word_that_is_not_listed_can_be_kept_or_left_blank(policy: str, expected: str | None) -> None:
    toml = PHONE + f'country = {{ from = "Land", values = {{ UK = "GB" }}, on_unknown = "{policy}" }}\n'
    frame, issues = map_columns(sheet(Phone=["1"], Land=["Narnia"]), bound(toml, "Phone", "Land"))
    assert (frame["country"].to_list(), issues.height) == ([expected], 0)


def test_null_words_are_blank_in_any_case_and_with_spaces_around() -> None:
    toml = '[source]\nnull_words = ["N/A", "-"]\n[record]\nphoneNumber = "Phone"\nname = "Name"\n'
    assert column(toml, "name", Phone=["1"] * 4, Name=["n/a", " - ", "a-b", "  "]) == [None, None, "a-b", None]


def test_a_null_word_that_an_entry_lists_is_a_value_there() -> None:
    toml = '[source]\nnull_words = ["NO"]\n[record]\nphoneNumber = "Phone"\ncountry = { from = "Land", values = { NO = "NO" } }\n'
    assert column(toml, "country", Phone=["1"], Land=["no"]) == ["NO"]


def test_the_first_column_that_is_not_blank_counts() -> None:
    toml = '[source]\nnull_words = ["-"]\n[record]\nphoneNumber = { from = ["A", "B"] }\n'
    assert column(toml, "phoneNumber", A=["1", "-", None], B=["2", "3", None]) == ["1", "3", None]


def test_text_keeps_its_spaces_and_zeros() -> None:
    assert column(PHONE, "phoneNumber", Phone=[" 007 ", "0041"]) == [" 007 ", "0041"]


def test_a_constant_fills_every_row_and_no_row_of_an_empty_sheet() -> None:
    toml = PHONE + '[parameters]\ncompany = { const = "Acme" }\n'
    assert column(toml, "parameters.company", Phone=["1", None]) == ["Acme", "Acme"]
    assert column(toml, "parameters.company", Phone=[]) == []


def test_a_constant_is_named_as_such_in_issues() -> None:
    assert bound(PHONE + '[order]\nstatus = { const = "planned" }\n', "Phone").rules[1].heading == "(constant)"


def test_a_files_own_word_clears_also_where_it_is_a_null_word() -> None:
    toml = '[source]\nnull_words = ["-"]\n[record]\nphoneNumber = "Phone"\nemail = { from = "E", clear = "-" }\nname = "E"\n'
    assert column(toml, "email", Phone=["1"] * 3, E=[" - ", "__CLEAR__", None]) == [CLEAR, CLEAR, None]
    assert column(toml, "name", Phone=["1"], E=["-"]) == [None]


BLANK_CLEARS = """
    [sync]
    blank = "clear"
    [record]
    phoneNumber = "Phone"
    record_uuid = "ID"
    name = "Name"
    email = { from = "Mail", clear = false }
    [order]
    status = "Status"
    action = "Action"
    instructions = { from = "Say", required = true }
    currencyCode = { from = "Cur", values = { dollar = "USD" }, on_unknown = "blank" }
"""


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        pytest.param("name", CLEAR, id="a plain field is cleared"),
        pytest.param("email", None, id="an entry with clear = false is left alone"),
        pytest.param("phoneNumber", None, id="a phone number is never cleared"),
        pytest.param("record_uuid", None, id="an id is never cleared"),
        pytest.param("status", None, id="a status is never cleared"),
        pytest.param("action", None, id="an action is never cleared"),
        pytest.param("instructions", None, id="a required field stays blank, to be told"),
    ],
)
def test_what_a_blank_cell_does_where_blank_clears(field: str, expected: str | None) -> None:
    columns: dict[str, list[str | None]] = {
        name: [None] for name in ("Phone", "ID", "Name", "Mail", "Status", "Action", "Say", "Cur")
    }
    assert column(BLANK_CLEARS, field, **columns) == [expected]


def test_a_word_that_is_not_listed_clears_nothing_even_where_blank_clears() -> None:
    columns: dict[str, list[str | None]] = {
        name: ["x"] for name in ("Phone", "ID", "Name", "Mail", "Status", "Action", "Say", "Cur")
    }
    assert column(BLANK_CLEARS, "currencyCode", **columns) == [None]


def test_one_entry_can_clear_by_blank_alone() -> None:
    toml = PHONE + 'email = { from = "E", clear = true }\nname = "N"\n'
    assert column(toml, "email", Phone=["1"], E=[None], N=[None]) == [CLEAR]
    assert column(toml, "name", Phone=["1"], E=[None], N=[None]) == [None]


@pytest.mark.parametrize("heading", ["*", "^.*$", "a{b}", "col(0)"])
def test_a_heading_that_looks_like_a_pattern_is_a_heading(heading: str) -> None:
    columns: dict[str, list[str | None]] = {heading: ["1"], "Other": ["2"]}
    assert column(f"[record]\nphoneNumber = '{heading}'\n", "phoneNumber", **columns) == ["1"]


# --- regions ------------------------------------------------------------------------------------------------------------------


def regions(toml: str, *cells: str | None) -> list[str | None]:
    frame, issues = map_columns(sheet(Phone=["1"] * len(cells), Land=list(cells)), bound(toml, "Phone", "Land"))
    assert issues.filter(pl.col("heading").is_null()).height == 0
    return frame.get_column(REGION).to_list()


def test_without_region_from_no_region_column_is_made() -> None:
    frame, _ = map_columns(sheet(Phone=["1"], Land=["GB"]), bound(COUNTRY, "Phone", "Land"))
    assert frame.columns == [ROW, "phoneNumber", "country"]


def test_the_region_of_a_row_goes_through_the_countrys_words() -> None:
    assert regions(COUNTRY + '[phone]\nregion_from = "Land"\n', "UK", " united kingdom") == ["GB", "GB"]


def test_a_column_that_is_no_country_gives_its_text_as_region() -> None:
    assert regions(PHONE + '[phone]\nregion_from = "Land"\n', "GB", None) == ["GB", None]


def test_an_unknown_country_stays_visible_so_that_no_other_region_is_taken() -> None:
    assert regions(COUNTRY + '[phone]\nregion_from = "Land"\n', "Narnia", None) == ["Narnia", None]


# --- shape --------------------------------------------------------------------------------------------------------------------


def test_the_mapped_frame_has_a_text_column_a_rule_in_the_fields_order_and_the_sheets_rows() -> None:
    frame, issues = map_columns(
        sheet(Plan=["a", None], Mail=["b", None], Phone=["c", None]),
        bound('[parameters]\nplan = "Plan"\n[record]\nemail = "Mail"\nphoneNumber = "Phone"\n', "Plan", "Mail", "Phone"),
    )
    assert frame.schema == {ROW: pl.UInt32, "phoneNumber": pl.String, "email": pl.String, "parameters.plan": pl.String}
    assert frame[ROW].to_list() == [2, 3]
    assert tuple(issues.columns) == tuple(ISSUE_SCHEMA)


def test_issues_of_several_columns_come_in_row_order() -> None:
    toml = COUNTRY + '[parameters]\nplan = { from = "Plan", values = { p = "pro" } }\n'
    _, issues = map_columns(sheet(Phone=["1", "2"], Land=["UK", "x"], Plan=["y", "z"]), bound(toml, "Phone", "Land", "Plan"))
    assert issues.select("row", "field").rows() == [(2, "parameters.plan"), (3, "country"), (3, "parameters.plan")]
