"""A selection is as old as it may be, and no older; one request asks, the others go on."""

from __future__ import annotations

import threading
from typing import Any, cast

import pytest

from service.loaded_version import LoadedVersion
from service.selections import MOST_AGE, Asked, Chosen, Selections
from store.errors import NotFound
from store.selection import Selection

ASKED = Asked("default", "iris", None, None)


class _Version:
    nbytes = 10


class Registry:
    """What the database would say, and how often it was asked."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.version: int | None = 1
        self._loaded: dict[int, LoadedVersion] = {}

    def clock(self) -> float:
        return self.now

    def find(self, asked: Asked) -> Chosen:
        self.asked += 1
        if self.version is None:
            raise NotFound("model", asked.model)
        loaded = self._loaded.setdefault(self.version, cast(LoadedVersion, _Version()))
        return Chosen(Selection(asked.model, self.version, "sha", "newest"), loaded)

    def selections(self, max_age: float = 0.5, max_bytes: int = 1000) -> Selections:
        return Selections(self.find, max_age, max_bytes=max_bytes, clock=self.clock)


def test_what_was_found_answers_until_it_is_old_and_the_new_one_then() -> None:
    registry = Registry()
    selections = registry.selections()
    assert selections.get(ASKED).selection.version == 1
    registry.version = 2
    registry.now = 0.49
    assert selections.get(ASKED).selection.version == 1
    registry.now = 0.51
    assert selections.get(ASKED).selection.version == 2
    assert registry.asked == 2


def test_without_an_age_the_database_is_asked_at_each_request() -> None:
    registry = Registry()
    selections = registry.selections(max_age=0)
    for _ in range(3):
        selections.get(ASKED)
    assert registry.asked == 3


def test_what_was_deleted_is_not_found_and_what_comes_back_is() -> None:
    registry = Registry()
    selections = registry.selections()
    selections.get(ASKED)
    registry.version, registry.now = None, 1.0
    for _ in range(2):
        with pytest.raises(NotFound):
            selections.get(ASKED)
    registry.version = 3
    assert selections.get(ASKED).selection.version == 3


def test_one_asks_while_the_others_go_on_with_the_old_one_but_not_for_long() -> None:
    registry = Registry()
    asking, may_go_on = threading.Event(), threading.Event()
    slow = registry.find

    def find(asked: Asked) -> Chosen:
        if registry.asked == 1:
            asking.set()
            may_go_on.wait(10)
        return slow(asked)

    selections = Selections(find, 0.5, max_bytes=1000, clock=registry.clock)
    selections.get(ASKED)
    registry.version, registry.now = 2, 0.6
    answers: list[Any] = []

    def ask() -> None:
        answers.append(selections.get(ASKED).selection.version)

    first = threading.Thread(target=ask)
    first.start()
    assert asking.wait(10)
    assert selections.get(ASKED).selection.version == 1, "it waited for the database"
    registry.now = MOST_AGE + 0.05
    late = threading.Thread(target=ask)
    late.start()
    late.join(0.2)
    assert late.is_alive(), "it went on with one that is too old"
    may_go_on.set()
    first.join(10)
    late.join(10)
    assert answers == [2, 2]
    assert registry.asked == 2


def test_who_waits_for_a_question_that_fails_does_not_ask_it_again() -> None:
    registry = Registry()
    selections = registry.selections()
    selections.get(ASKED)
    registry.now = MOST_AGE + 0.1
    asking, may_fail = threading.Event(), threading.Event()

    def fail(_asked: Asked) -> Chosen:
        registry.asked += 1
        asking.set()
        may_fail.wait(10)
        raise OSError("away")

    selections._find = fail
    failed: list[OSError] = []

    def get() -> None:
        try:
            selections.get(ASKED)
        except OSError as error:
            failed.append(error)

    first = threading.Thread(target=get)
    first.start()
    assert asking.wait(10)
    others = [threading.Thread(target=get) for _ in range(5)]
    for thread in others:
        thread.start()
        thread.join(0.1)  # it waits
    may_fail.set()
    for thread in [first, *others]:
        thread.join(10)
    assert len(failed) == 6
    assert registry.asked == 2
    selections._find = registry.find
    assert selections.get(ASKED).selection.version == 1


def test_versions_are_let_go_when_they_are_more_than_memory_has() -> None:
    registry = Registry()
    selections = registry.selections(max_bytes=15)
    selections.get(ASKED)
    registry.version = 2
    selections.get(ASKED._replace(alias="other"))
    assert len(selections._entries) == 1
