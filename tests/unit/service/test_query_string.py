"""Query strings are read strictly."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.problems import Problem
from service.query_string import read_query

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)


@given(st.dictionaries(TEXT.filter(bool), TEXT, max_size=6))
def test_what_was_encoded_comes_back(parameters: dict[str, str]) -> None:
    assert read_query(urlencode(parameters)) == parameters


def test_empty_values_and_bare_names_are_empty() -> None:
    assert read_query("a=&b&&c=1=2") == {"a": "", "b": "", "c": "1=2"}


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("a=1&a=2", "repeated_parameter"),
        ("a=1&%61=2", "repeated_parameter"),
        ("a=%ff", "invalid_address"),
        ("a=%00", "invalid_address"),
    ],
)
def test_what_is_ambiguous_or_no_text_is_refused(query: str, code: str) -> None:
    with pytest.raises(Problem) as caught:
        read_query(query)
    assert caught.value.code == code
