"""The server's words are kept, what they repeat of a contact is not."""

from __future__ import annotations

import pytest

from callcamp_sync.api.discretion import MASK, discreet, secrets_of

BODY = (
    b'{"status": "planned", "record": {"phoneNumber": "+12015550123", "name": "Example Contact", "email": "x@example.com",'
    b' "parameters": {"plan": "pro", "company": "Example 7 Ltd"}}}'
)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        pytest.param("+12015550123 is taken", f"{MASK} is taken", id="a number"),
        pytest.param("12015550123 is taken", f"{MASK} is taken", id="a number without its plus"),
        pytest.param("Contact exists: example contact", f"{MASK} exists: {MASK}", id="a name in another case"),
        pytest.param("bad address X@Example.com", f"bad address {MASK}", id="an e-mail address"),
        pytest.param("Example 7 Ltd is unknown", f"{MASK} is unknown", id="a parameter's value"),
        pytest.param("somebody.else@example.org wrote", f"{MASK} wrote", id="an address that was not sent"),
        pytest.param("call +44 20 7946 0123 instead", f"call {MASK} instead", id="a number that was not sent"),
        pytest.param("status planned is not allowed", "status planned is not allowed", id="a status stays"),
        pytest.param("scheduledTime 2026-05-10 is past", "scheduledTime 2026-05-10 is past", id="a date stays"),
        pytest.param("order_9z8y7x6w is gone", "order_9z8y7x6w is gone", id="an id stays"),
    ],
)
def test_words_lose_what_they_repeat_and_nothing_else(words: str, shown: str) -> None:
    assert discreet(words, secrets_of(BODY)) == shown


def test_a_number_that_was_searched_for_is_not_repeated() -> None:
    assert discreet("no match for 12015550123", secrets_of(None, ["+12015550123"])) == f"no match for {MASK}"
