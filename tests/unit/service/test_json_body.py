"""The strict JSON reader: agrees with the standard one, or refuses."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.json_body import read_json
from service.problems import Problem

TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('\\"[]{}'), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def read(text: str | bytes, *, max_depth: int = 32, max_digits: int = 400) -> Any:
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    return read_json(data, max_depth=max_depth, max_digits=max_digits)


def refusal(text: str | bytes, **limits: int) -> Problem:
    with pytest.raises(Problem) as caught:
        read(text, **limits)
    return caught.value


@given(VALUES, st.booleans())
def test_sound_json_is_read_as_the_standard_reader_reads_it(value: Any, ascii_only: bool) -> None:
    assert read(json.dumps(value, ensure_ascii=ascii_only)) == value


@given(st.binary(max_size=60))
def test_whatever_the_bytes_are_the_answer_is_a_value_or_a_problem(data: bytes) -> None:
    with contextlib.suppress(Problem):
        read(data)


@given(st.text('[]{}"\\,:0eE.-9un d8', max_size=80))
def test_texts_made_of_jsons_own_signs_never_break_the_reader(text: str) -> None:
    with contextlib.suppress(Problem):
        assert read(text) == json.loads(text)


@pytest.mark.parametrize("depth", [33, 1_000, 100_000, 1_000_000])
def test_depth_is_refused_before_parsing(depth: int) -> None:
    assert refusal("[" * depth + "]" * depth).code == "json_too_deep"
    assert refusal('{"a":' * depth).code == "json_too_deep"


def test_brackets_in_strings_are_not_depth_and_wide_is_not_deep() -> None:
    assert read(json.dumps(["[" * 100 + '"{'] * 3)) == ["[" * 100 + '"{'] * 3
    assert read(json.dumps([[1]] * 1000)) == [[1]] * 1000
    assert read("[" * 32 + "]" * 32) is not None


@given(VALUES, st.integers(1, 6))
def test_depth_is_counted_right_whatever_stands_in_strings(value: Any, limit: int) -> None:
    text = json.dumps(value)
    deepest = _depth(value)
    if deepest <= limit:
        assert read(text, max_depth=limit) == value
    else:
        assert refusal(text, max_depth=limit).code == "json_too_deep"


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(_depth, inner), default=0)


def test_digits_in_strings_are_not_numbers() -> None:
    assert read(json.dumps({"a": "9" * 5000})) == {"a": "9" * 5000}
    assert refusal('{"a": ' + "9" * 401 + "}").code == "number_too_long"
    assert refusal('{"a": 1.' + "9" * 5000 + "}").code == "number_too_long"
    assert read("[" + "9" * 400 + "]") == [int("9" * 400)]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ('{"a": {"b": 1, "b": 2}}', "duplicate_key", "/a/b"),
        ('[{"x/y~z": 1, "x/y~z": 2}]', "duplicate_key", "/0/x~1y~0z"),
        ('{"a": [1, NaN]}', "not_finite", "/a/1"),
        ('{"a": -Infinity}', "not_finite", "/a"),
        ('{"a": [1e999]}', "number_out_of_range", "/a/0"),
        ('{"a": "\\ud83d"}', "lone_surrogate", "/a"),
        ('{"a": {"\\udc00": 1}}', "lone_surrogate", "/a"),
    ],
)
def test_what_is_refused_is_named_with_its_place(text: str, code: str, place: str) -> None:
    problem = refusal(text)
    assert problem.code == code
    assert problem.errors[0].pointer == place


def test_whole_surrogate_pairs_and_large_exponents_pass() -> None:
    assert read('["\\ud83d\\ude00", 1e-999, 1e300, "e1234"]') == ["😀", 0.0, 1e300, "e1234"]
    assert read("\ufeff{}") == {}


@pytest.mark.parametrize("text", ["", "{", "[1,]", "{'a':1}", "01", "nul", "1 2", '"\x01"', "[1]x"])
def test_what_is_no_json_is_refused_with_line_and_column(text: str) -> None:
    problem = refusal(text)
    assert problem.code == "invalid_json"
    assert "line 1" in problem.detail


def test_an_unclosed_string_of_megabytes_is_refused_at_once() -> None:
    assert refusal('["' + "\\\\a" * 1_000_000 + "[" * 40).code in ("invalid_json", "json_too_deep")
