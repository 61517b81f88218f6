"""Migrations, on both databases."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import inspect, text

from store import schema
from store.database import Database
from store.errors import SchemaMismatch
from store.search_tables import Base


def tables(url: str) -> set[str]:
    database = Database(url)
    try:
        return set(inspect(database.engine).get_table_names())
    finally:
        database.dispose()


def test_migrations_run_up_down_and_up_again(empty_database_url: str) -> None:
    schema.upgrade(empty_database_url)
    assert tables(empty_database_url) == {*Base.metadata.tables, "alembic_version"}
    schema.downgrade(empty_database_url)
    assert tables(empty_database_url) == {"alembic_version"}
    schema.upgrade(empty_database_url)
    schema.upgrade(empty_database_url)
    assert schema.current(empty_database_url) == schema.head()


def test_autogenerate_finds_nothing_that_the_migrations_lack(database_url: str) -> None:
    command.check(schema.alembic_config(database_url))


def test_every_table_carries_its_project(database: Database) -> None:
    for table in Base.metadata.tables.values():
        assert table.name == "projects" or "project_id" in table.columns


def test_the_default_project_is_there_from_the_start(database: Database) -> None:
    with database.read() as s:
        assert s.execute(text("SELECT id FROM projects")).scalars().all() == ["default"]


def test_every_constraint_has_a_name(database: Database) -> None:
    inspector = inspect(database.engine)
    for table in Base.metadata.tables:
        names = [inspector.get_pk_constraint(table)["name"]]
        names += [key["name"] for key in inspector.get_foreign_keys(table)]
        names += [key["name"] for key in inspector.get_unique_constraints(table)]
        assert all(names), table


def test_a_database_that_was_never_migrated_is_refused(empty_database_url: str) -> None:
    database = Database(empty_database_url)
    try:
        with pytest.raises(SchemaMismatch, match="mlp db upgrade"):
            schema.require(database.engine)
    finally:
        database.dispose()


def test_a_newer_schema_is_accepted(database: Database) -> None:
    schema.require(database.engine)
    with database.write() as s:
        s.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    schema.require(database.engine)
