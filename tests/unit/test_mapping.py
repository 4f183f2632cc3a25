"""Mapping files, headings without one, and columns: judged by what a campaign manager wrote and reads."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import polars as pl
import pytest

from callcamp_sync.errors import MappingError
from callcamp_sync.fields import CLEAR, FIELDS, ROW, Field, Home, Kind
from callcamp_sync.mapping import REGION, Binding, Mapping, bind, map_columns, parse_mapping, plain_mapping
from callcamp_sync.model import ISSUE_SCHEMA, Mode, OnDuplicate, OnMissing
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


def refusal(toml: str) -> str:
    with pytest.raises(MappingError) as caught:
        parsed(toml)
    return caught.value.message


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

# --- the file -----------------------------------------------------------------------------------------------------------------


def test_every_key_of_a_whole_file_is_kept() -> None:
    mapping = parsed("""
        version = 1
        campaign = "Spring renewals"
        description = "weekly extract"
        [source]
        sheet = "Leads"
        header_row = 3
        null_words = ["n/a", "-"]
        encoding = "cp1252"
        delimiter = ";"
        [match]
        keys = ["record_uuid", "parameters.crm_id", "phone"]
        on_duplicate = "last"
        [sync]
        mode = "mirror"
        missing = "cancel"
        blank = "clear"
        initial_status = "registered"
        [phone]
        region = "gb"
        region_from = "Country"
        [record]
        phoneNumber = { from = ["Mobile", "Phone"] }
        [parameters]
        premium = { from = "Premium", decimal = ",", thousands = ".", overwrite = "if_blank", required = true }
        source = { const = "crm" }
        "*" = "match"
        [order]
        scheduledTime = { from = "Call at", formats = "%d/%m/%Y %H:%M", timezone = "Europe/London", clear = "-" }
    """)
    assert (mapping.campaign, mapping.path) == ("Spring renewals", "mappings/x.toml")
    assert mapping.source.model_dump() == {
        "sheet": "Leads",
        "header_row": 3,
        "null_words": ("n/a", "-"),
        "encoding": "cp1252",
        "delimiter": ";",
    }
    assert (mapping.match.keys, mapping.match.on_duplicate) == (("record_uuid", "parameters.crm_id", "phone"), OnDuplicate.LAST)
    assert (mapping.sync.mode, mapping.sync.missing, mapping.sync.blank) == (Mode.MIRROR, OnMissing.CANCEL, "clear")
    assert (mapping.phone.region, mapping.phone.region_from) == ("GB", "Country")
    assert mapping.record.entries["phoneNumber"].headings == ("Mobile", "Phone")
    assert mapping.parameters.rest
    assert not mapping.order.rest
    premium = mapping.parameters.entries["premium"]
    assert (premium.decimal, premium.thousands, premium.overwrite, premium.required) == (",", ".", Overwrite.IF_BLANK, True)
    assert mapping.order.entries["scheduledTime"].formats == ("%d/%m/%Y %H:%M",)


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        pytest.param("[fields]\n", "the file has an unknown key `fields`", id="a table that does not exist"),
        pytest.param("[syncs]\n", "the file has an unknown key `syncs`; did you mean `sync`?", id="a table misspelt"),
        pytest.param("version = 2\n", "`version`: must be 1", id="a version of another time"),
        pytest.param(
            '[sync]\non_missing = "keep"\n',
            "[sync] has an unknown key `on_missing`; did you mean `missing`?",
            id="a key under the flag's name",
        ),
        pytest.param(
            '[sync]\nmode = "sync"\n',
            "[sync] mode: must be 'create', 'update', 'upsert' or 'mirror'",
            id="a mode that does not exist",
        ),
        pytest.param('[sync]\nblank = "keep"\n', "[sync] blank: must be 'ignore' or 'clear'", id="a word for blank"),
        pytest.param(
            '[match]\nkeys = ["email"]\n',
            "[match] keys: `email` is no key; use phone, record_uuid, order_uuid or parameters.ID",
            id="a key that nothing is found by",
        ),
        pytest.param('[phone]\nregion = "UK"\n', "[phone] region: `UK` is no ISO country code; write GB", id="UK"),
        pytest.param(
            '[phone]\nregion = "Britain"\n',
            "[phone] region: `Britain` is not a country code of two letters, such as GB",
            id="a country's name as region",
        ),
        pytest.param('[source]\ndelimiter = "||"\n', "[source] delimiter: must be one character", id="a long delimiter"),
        pytest.param("[source]\nheader_row = 0\n", "[source] header_row: must be 1 or more", id="row nought"),
        pytest.param(
            '[record]\nphone = "Phone"\n',
            "[record] `phone` is no field; did you mean `phoneNumber`?",
            id="a field under its heading's name",
        ),
        pytest.param('[record]\nemial = "Mail"\n', "[record] `emial` is no field; did you mean `email`?", id="a typing error"),
        pytest.param('[record]\nprice = "Price"\n', "[record] `price` belongs in [order], as `price`", id="in the wrong table"),
        pytest.param(
            '[order]\nrecord_id = "ID"\n',
            "[order] `record_id` belongs in [record], as `record_uuid`",
            id="the record's id among order fields",
        ),
        pytest.param(
            "[record]\nemail = 3\n",
            '[record] email: write a heading in quotes, or a table such as { from = ["Mobile", "Phone"] }',
            id="a column number instead of a heading",
        ),
        pytest.param(
            "[record]\nemail = {}\n",
            "[record] email: needs either `from` (a heading, or several) or `const`, and not both",
            id="an entry that says nothing",
        ),
        pytest.param(
            '[record]\nemail = { from = "A", const = "b" }\n',
            "[record] email: needs either `from` (a heading, or several) or `const`, and not both",
            id="an entry that says two things",
        ),
        pytest.param(
            '[record]\nemail = { form = "A" }\n', "[record] email has an unknown key `form`; did you mean `from`?", id="form"
        ),
        pytest.param(
            '[record]\nemail = { from = "A", default = "b" }\n',
            "[record] email has an unknown key `default`",
            id="a default, which would not be an answer but a guess",
        ),
        pytest.param(
            '[record]\ncountry = { from = "A", on_unknown = "keep" }\n',
            "[record] country: `on_unknown` has no effect without `values`",
            id="on_unknown without values",
        ),
        pytest.param(
            '[record]\ncountry = { from = "A", values = { "" = "GB" } }\n',
            "[record] country: `values` lists a blank word; a blank cell is always blank",
            id="a default in disguise",
        ),
        pytest.param(
            '[record]\nphoneNumber = { const = "+442079460000" }\n',
            "[record] phoneNumber: `const` would make every row the same contact; use `from`",
            id="one phone for all",
        ),
        pytest.param(
            '[record]\nphoneNumber = { from = "A", clear = "-" }\n',
            "[record] phoneNumber: this field cannot be cleared; remove `clear`",
            id="a phone that can be cleared",
        ),
        pytest.param(
            '[record]\nname = { from = "A", formats = ["%d.%m.%Y"] }\n',
            "[record] name: `formats` are for dates and times, and this is text",
            id="a date format for a name",
        ),
        pytest.param(
            '[order]\nscheduledTime = { from = "A", formats = ["DD/MM/YYYY"] }\n',
            "[order] scheduledTime.formats: `DD/MM/YYYY` is no format; write one such as %d/%m/%Y",
            id="a spreadsheet's own date format",
        ),
        pytest.param(
            '[order]\nscheduledTime = { from = "A", timezone = "London" }\n',
            "[order] scheduledTime.timezone: `London` is not an IANA time zone; use a name such as Europe/London",
            id="a city as time zone",
        ),
        pytest.param(
            '[order]\nscheduledTime = { from = "A", timezone = "../../etc/passwd" }\n',
            "[order] scheduledTime.timezone: `../../etc/passwd` is not an IANA time zone; use a name such as Europe/London",
            id="a path as time zone",
        ),
        pytest.param(
            '[order]\nprice = { from = "A", decimal = ",", thousands = "," }\n',
            "[order] price: `decimal` and `thousands` are the same sign",
            id="one sign for two things",
        ),
        pytest.param('[parameters]\n"*" = "all"\n', '`parameters`: `"*"` can only be "match"', id="another word for match"),
        pytest.param('record = "Phone"\n', "`record`: must be a table", id="a text where a table stands"),
    ],
)
def test_a_wrong_file_is_refused_with_place_and_cure(toml: str, line: str) -> None:
    message = refusal(toml)
    assert message.startswith("`mappings/x.toml`: ")
    assert line in message


def test_all_problems_of_a_file_are_told_at_once() -> None:
    message = refusal('[sync]\nmode = "x"\n[phone]\nregion = "UK"\n[record]\nphone = "A"\nname = {}\n[order]\nemail = "B"\n')
    first, *lines = message.splitlines()
    assert first == "`mappings/x.toml`: 5 problems"
    assert len(lines) == 5


def test_toml_numbers_booleans_and_dates_become_the_text_a_cell_would_hold() -> None:
    mapping = parsed(PHONE + "[parameters]\na = { const = true }\nb = { const = 30 }\nc = { const = 2026-05-10 }\n")
    assert [mapping.parameters.entries[name].const for name in "abc"] == ["true", "30", "2026-05-10"]


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
    rule = bound(toml, "Phone", "A", "B", parameters=(spec,)).rules[1]
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
