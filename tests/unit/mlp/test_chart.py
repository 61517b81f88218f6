"""Curves fit their terminal, and go where the numbers go."""

from __future__ import annotations

import math

import pytest

from mlp.chart import curves


@pytest.mark.parametrize("width", [20, 40, 80, 200])
@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("count", [1, 2, 3, 100, 1000])
def test_no_line_is_wider_than_the_terminal(width: int, colour: bool, count: int) -> None:
    drawing = curves({"loss": [math.exp(-x / 9) for x in range(count)]}, width, colour=colour).plain.splitlines()
    assert len(drawing) == 14
    assert max(map(len, drawing[1:])) <= width


def test_a_falling_curve_starts_at_the_top_left_and_ends_at_the_bottom_right() -> None:
    lines = curves({"loss": [3.0, 2.0, 1.0]}, 40, 6, colour=False).plain.splitlines()
    assert lines[1].startswith("       3 |*")
    assert lines[6].startswith("       1 |")
    assert lines[6].endswith("*")
    assert lines[7].endswith("epoch 3")


def test_two_curves_can_be_told_apart_without_colour() -> None:
    text = curves({"training": [2.0, 1.0], "validation": [2.5, 1.5]}, 40, colour=False).plain
    assert "* training   o validation" in text
    assert text.count("*") > 5
    assert text.count("o") > 5


def test_gaps_and_nothing_at_all_are_no_trouble() -> None:
    assert curves({}, 80).plain == ""
    assert curves({"a": [None]}, 80).plain == ""
    assert "epoch 3" in curves({"a": [1.0, None, 2.0]}, 80).plain
    assert "epoch 2" in curves({"a": [1.0, 1.0]}, 80).plain
