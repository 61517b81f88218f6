"""Models and versions, on both databases."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import update

from store import registry
from store.database import Database
from store.errors import Conflict, Corrupt, NotFound
from store.registry_tables import AliasRow, ModelVersionRow, WeightsRow
from store.selection import select_version
from tests.support.rows import PROJECT, new_version, read_job, running_job


def publish(database: Database, name: str = "iris", **values: str) -> int:
    with database.write() as s:
        return registry.publish_version(
            s,
            PROJECT,
            name,
            new_version(**values),  # type: ignore[arg-type]
            task="classification",
            target="species",
        )


def selected(database: Database, **which: object) -> tuple[int, str]:
    with database.read() as s:
        selection = select_version(s, PROJECT, "iris", **which)  # type: ignore[arg-type]
    return selection.version, selection.selected_by


def point(database: Database, alias: str, version: int) -> None:
    with database.write() as s:
        s.add(AliasRow(project_id=PROJECT, model_name="iris", alias=alias, version=version))


def test_versions_are_numbered_from_one_and_never_again(database: Database) -> None:
    assert [publish(database), publish(database)] == [1, 2]
    with database.write() as s:
        registry.delete_version(s, PROJECT, "iris", 2)
    assert publish(database) == 3


def test_versions_published_at_once_get_different_numbers(database: Database) -> None:
    numbers: list[int] = []
    start = threading.Barrier(6)

    def run() -> None:
        start.wait(timeout=10)
        numbers.append(publish(database))

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]


def test_a_job_is_told_its_version_and_publishes_no_second_one(database: Database) -> None:
    job, _ = running_job(database)
    assert publish(database, job_id=job.id) == 1
    assert read_job(database, job.id).model_version == 1
    with pytest.raises(Exception, match="job_id"):
        publish(database, job_id=job.id)


def test_another_target_is_refused_at_publication_too(database: Database) -> None:
    publish(database)
    with pytest.raises(Conflict) as caught, database.write() as s:
        registry.publish_version(s, PROJECT, "iris", new_version(), task="regression", target="species")
    assert caught.value.code == "model_target_mismatch"


def test_the_newest_trained_version_answers_unless_another_is_named(database: Database) -> None:
    publish(database)
    publish(database)
    publish(database, source="kept")
    assert selected(database) == (2, "newest")
    assert selected(database, version=3) == (3, "version")
    point(database, "candidate", 3)
    assert selected(database, alias="candidate") == (3, "alias")
    assert selected(database) == (2, "newest")
    point(database, "champion", 1)
    assert selected(database) == (1, "champion")
    assert selected(database, alias="champion") == (1, "alias")


@pytest.mark.parametrize(
    ("name", "which", "code"),
    [
        ("irsi", {}, "model_not_found"),
        ("irsi", {"version": 1}, "model_not_found"),
        ("irsi", {"alias": "champion"}, "model_not_found"),
        ("iris", {"version": 9}, "version_not_found"),
        ("iris", {"version": 10**30}, "version_not_found"),
        ("iris", {"alias": "best"}, "alias_not_found"),
    ],
)
def test_what_does_not_exist_is_named(database: Database, name: str, which: dict[str, object], code: str) -> None:
    publish(database)
    with pytest.raises(NotFound) as caught, database.read() as s:
        select_version(s, PROJECT, name, **which)  # type: ignore[arg-type]
    assert caught.value.code == code
    if code == "model_not_found":
        assert caught.value.nearest == "iris"


def test_a_model_with_only_kept_versions_has_none_that_answers(database: Database) -> None:
    publish(database, source="kept")
    with pytest.raises(NotFound) as caught:
        selected(database)
    assert caught.value.code == "version_not_found"


def test_weights_that_changed_are_not_served(database: Database) -> None:
    publish(database, weights=b"good")  # type: ignore[arg-type]
    with database.read() as s:
        assert registry.load_weights(s, registry.get_version(s, PROJECT, "iris", 1)) == b"good"
    with database.write() as s:
        s.execute(update(WeightsRow).values(data=b"evil"))
    with pytest.raises(Corrupt), database.read() as s:
        registry.load_weights(s, registry.get_version(s, PROJECT, "iris", 1))


def test_lists_are_newest_first_in_pages(database: Database) -> None:
    for name in ("a", "b", "c"):
        publish(database, name)
    publish(database, "b")
    with database.read() as s:
        models = registry.find_models(s, PROJECT)
        assert [model.name for model in models] == ["c", "b", "a"]
        after = (models[0].created_at, models[0].name)
        assert [model.name for model in registry.find_models(s, PROJECT, before=after, limit=1)] == ["b"]
        assert [row.version for row in registry.find_versions(s, PROJECT, "b")] == [2, 1]
        assert [row.version for row in registry.find_versions(s, PROJECT, "b", before=2)] == [1]
        assert registry.newest_versions(s, PROJECT, ["a", "b", "x"]) == {"a": 1, "b": 2}
        with pytest.raises(NotFound):
            registry.find_versions(s, PROJECT, "x")


def test_tags_and_description_change_and_the_rest_does_not(database: Database) -> None:
    publish(database)
    with database.write() as s:
        registry.describe(registry.get_version(s, PROJECT, "iris", 1), tags={"a": "b"})
        registry.describe(registry.get_model(s, PROJECT, "iris"), description="Flowers.")
    with database.read() as s:
        version, model = registry.get_version(s, PROJECT, "iris", 1), registry.get_model(s, PROJECT, "iris")
        assert (version.tags, version.description) == ({"a": "b"}, "")
        assert (model.tags, model.description) == ({}, "Flowers.")


def test_a_version_that_an_alias_points_at_stays(database: Database) -> None:
    publish(database)
    publish(database)
    point(database, "champion", 1)
    with pytest.raises(Conflict) as caught, database.write() as s:
        registry.delete_version(s, PROJECT, "iris", 1)
    assert caught.value.code == "version_has_alias"
    with pytest.raises(Conflict) as caught, database.write() as s:
        registry.delete_model(s, PROJECT, "iris")
    assert caught.value.code == "model_has_alias"
    with database.write() as s:
        registry.delete_version(s, PROJECT, "iris", 2)


def test_a_deleted_model_leaves_nothing(database: Database) -> None:
    publish(database)
    with database.write() as s:
        registry.delete_model(s, PROJECT, "iris")
    with database.read() as s:
        assert (s.query(ModelVersionRow).count(), s.query(WeightsRow).count()) == (0, 0)
    with database.read() as s:
        assert registry.find_models(s, PROJECT) == []
        with pytest.raises(NotFound):
            registry.get_model(s, PROJECT, "iris")


def test_a_deleted_models_name_is_free_but_its_versions_numbers_are_not_given_again(database: Database) -> None:
    publish(database)
    with database.write() as s:
        registry.describe(registry.get_model(s, PROJECT, "iris"), description="old")
        registry.delete_model(s, PROJECT, "iris")
    with database.write() as s:
        assert registry.publish_version(s, PROJECT, "iris", new_version(), task="regression", target=["a"]) == 2
    with database.read() as s:
        model = registry.get_model(s, PROJECT, "iris")
        assert (model.task, model.target, model.description) == ("regression", ["a"], "")
