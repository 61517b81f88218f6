"""Streams: the same for the same counters, different for any other."""

import itertools

import pytest

from core.randomness import Purpose, seed_of, stream


def test_every_stream_is_its_own():
    counters = itertools.product((0, 1, 2**40), Purpose, (0, 1, 2), (0, 1, 2))
    draws = [stream(*each).integers(2**63) for each in counters]
    assert len(set(draws)) == len(draws)


def test_a_stream_begins_anew_each_time():
    assert stream(5, Purpose.DROPOUT, 2, 3).random() == stream(5, Purpose.DROPOUT, 2, 3).random()


@pytest.mark.parametrize(("purpose", "number"), [("INITIALIZATION", 0), ("SHUFFLE", 1), ("DROPOUT", 2), ("SPLIT", 3)])
def test_the_numbers_of_the_purposes_stay(purpose, number):
    assert Purpose[purpose] == number  # saved trainings depend on it


def test_a_seed_for_another_library_is_a_function_of_seed_purpose_and_number():
    seeds = {seed_of(seed, Purpose.SEARCH, number) for seed in (0, 1, 2**53 - 1) for number in range(100)}
    assert len(seeds) == 300
    assert all(0 <= seed < 2**32 for seed in seeds)
    assert seed_of(7, Purpose.SEARCH, 3) == 350595213
