"""Mapping files by themselves: what is kept, what is refused, and how it is told."""

from __future__ import annotations

import tomllib

import pytest

from callcamp_sync.errors import MappingError
from callcamp_sync.mapping import Mapping, parse_mapping
from callcamp_sync.model import Mode, OnDuplicate, OnMissing
from callcamp_sync.rules import Overwrite

PHONE = '[record]\nphoneNumber = "Phone"\n'


def parsed(toml: str) -> Mapping:
    return parse_mapping(tomllib.loads(toml), path="mappings/x.toml")


def refusal(toml: str) -> str:
    with pytest.raises(MappingError) as caught:
        parsed(toml)
    return caught.value.message


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
        hidden_rows = "skip"
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
        "hidden_rows": "skip",
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
            '[record]\nemail = { from = ["A", " "] }\n', "[record] email: `from` holds a blank heading", id="a blank heading"
        ),
        pytest.param(
            '[record]\ncountry = { const = "UK", values = { UK = "GB" } }\n',
            "[record] country: `values` and `clear` have no effect beside `const`: write the value itself",
            id="a constant that would need translating",
        ),
        pytest.param(
            '[record]\nname = { from = "A", required = true, clear = true }\n',
            "[record] name: `required` and `clear = true` contradict each other",
            id="a blank cell that is both wrong and meant",
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
