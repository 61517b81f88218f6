"""Aliases move, go back, and remember."""

from __future__ import annotations

import itertools
import threading

import pytest

from store import aliases, registry
from store.aliases import way_here
from store.database import Database
from store.errors import Conflict, NotFound
from tests.support.rows import PROJECT, publish_version


@pytest.fixture
def model(database: Database) -> str:
    """A model with the versions 1, 2 and 3."""
    for _ in range(3):
        publish_version(database, "iris")
    return "iris"


def move(database: Database, model: str, version: int, alias: str = "champion") -> bool:
    with database.write() as s:
        return aliases.move_alias(s, PROJECT, model, alias, version)[1] is None


def back(database: Database, model: str, alias: str = "champion") -> int:
    with database.write() as s:
        return aliases.roll_back(s, PROJECT, model, alias).version


def moves_of(database: Database, model: str, alias: str = "champion") -> list[tuple[int | None, str, str | None]]:
    with database.read() as s:
        moves = aliases.alias_history(s, PROJECT, model, alias)
        return [(move.version, move.kind, move.reason) for move in moves]


def history(database: Database, model: str, alias: str = "champion") -> list[int | None]:
    return [version for version, _, _ in moves_of(database, model, alias)]


@pytest.mark.parametrize(
    ("moves", "way"),
    [
        ("", []),
        ("1", [1]),
        ("1 2 3", [1, 2, 3]),
        ("1 2 3 2", [1, 2, 3, 2]),
        ("1 2 3 <2", [1, 2]),
        ("1 2 3 <2 <1", [1]),
        ("1 2 3 2 <3", [1, 2, 3]),
        ("1 2 3 <1", [1]),
        ("1 1 2", [1, 2]),
        ("1 2 x 3", [3]),
    ],
)
def test_only_a_rollback_undoes_the_move_from_there(moves: str, way: list[int]) -> None:
    kinds = {"<": "rollback", "x": "delete"}
    written = [(int(move.strip("<")) if move != "x" else None, kinds.get(move[0], "move")) for move in moves.split()]
    assert way_here(written) == way


def test_what_is_put_back_and_what_is_rolled_back_can_be_told_apart(database: Database, model: str) -> None:
    with database.write() as s:
        for version, reason in ((1, None), (2, "better on March"), (1, "by hand")):
            aliases.move_alias(s, PROJECT, model, "champion", version, reason=reason)
        assert aliases.roll_back(s, PROJECT, model, "champion", reason="on second thoughts").version == 2
        aliases.delete_alias(s, PROJECT, model, "champion")
    assert moves_of(database, model) == [
        (None, "delete", None),
        (2, "rollback", "on second thoughts"),
        (1, "move", "by hand"),
        (2, "move", "better on March"),
        (1, "move", None),
    ]


def test_a_move_that_expects_another_place_is_refused(database: Database, model: str) -> None:
    move(database, model, 1)
    for expected in ({"champion": None}, {"champion": 2}, {"champion": 1, "other": 1}):
        with database.write() as s, pytest.raises(Conflict) as caught:
            aliases.move_alias(s, PROJECT, model, "champion", 3, expected=expected)
        assert caught.value.code == "alias_moved"
    with database.write() as s:
        aliases.move_alias(s, PROJECT, model, "champion", 3, expected={"champion": 1, "other": None})
    assert history(database, model) == [3, 1]


def test_a_way_back_over_a_version_that_is_gone_is_found_again(database: Database, model: str) -> None:
    for version in (1, 2, 1, 3):
        move(database, model, version)
    with database.write() as s:
        registry.delete_version(s, PROJECT, model, 2)
    assert back(database, model) == 1
    with pytest.raises(Conflict):  # before it there was only 2, and before that 1
        back(database, model)


def test_an_alias_moves_and_goes_back_step_by_step(database: Database, model: str) -> None:
    assert move(database, model, 1)
    assert not move(database, model, 2)
    move(database, model, 3)
    move(database, model, 3)  # nothing new
    assert [back(database, model), back(database, model)] == [2, 1]
    with pytest.raises(Conflict) as caught:
        back(database, model)
    assert caught.value.code == "nothing_before"
    assert history(database, model) == [1, 2, 3, 2, 1]


def test_going_back_passes_over_versions_that_are_gone(database: Database, model: str) -> None:
    for version in (1, 2, 3):
        move(database, model, version)
    with database.write() as s:
        registry.delete_version(s, PROJECT, model, 2)
    assert back(database, model) == 1
    with pytest.raises(Conflict):
        back(database, model)


def test_one_that_was_taken_away_keeps_its_history_and_begins_anew(database: Database, model: str) -> None:
    move(database, model, 1)
    with database.write() as s:
        aliases.delete_alias(s, PROJECT, model, "champion")
    with database.read() as s, pytest.raises(NotFound):
        aliases.get_alias(s, PROJECT, model, "champion")
    assert history(database, model) == [None, 1]
    move(database, model, 2)
    with pytest.raises(Conflict):
        back(database, model)


def test_what_does_not_exist_is_named(database: Database, model: str) -> None:
    with database.write() as s:
        for what, ask in (
            ("model", lambda: aliases.move_alias(s, PROJECT, "none", "a", 1)),
            ("version", lambda: aliases.move_alias(s, PROJECT, model, "a", 9)),
            ("alias", lambda: aliases.roll_back(s, PROJECT, model, "a")),
            ("alias", lambda: aliases.delete_alias(s, PROJECT, model, "a")),
            ("alias", lambda: aliases.alias_history(s, PROJECT, model, "a")),
        ):
            with pytest.raises(NotFound) as caught:
                ask()
            assert caught.value.what == what


def test_moves_at_the_same_time_are_all_recorded_and_the_last_one_holds(database: Database, model: str) -> None:
    def move_often(version: int) -> None:
        for _ in range(5):
            move(database, model, version)

    threads = [threading.Thread(target=move_often, args=(version,)) for version in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    moves = history(database, model)
    with database.read() as s:
        assert aliases.get_alias(s, PROJECT, model, "champion").version == moves[0]
    assert all(one != other for one, other in itertools.pairwise(moves))
