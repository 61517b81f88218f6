"""Ids and names."""

from __future__ import annotations

import pytest

from store.ids import is_name, looks_like_id, new_id


def test_ids_differ_and_are_not_names() -> None:
    ids = {new_id("job") for _ in range(1000)}
    assert len(ids) == 1000
    assert all(looks_like_id(text) and not is_name(text) for text in ids)


@pytest.mark.parametrize("text", ["iris", "a", "0", "A.b-c_d", "x" * 64, "ds_short", "job"])
def test_names_that_are_good(text: str) -> None:
    assert is_name(text)


@pytest.mark.parametrize("text", ["", "x" * 65, "_a", ".a", "-a", "a b", "a/b", "ä", "a\n", "iris@2", "ds_" + "0" * 26])
def test_names_that_are_refused(text: str) -> None:
    assert not is_name(text)
