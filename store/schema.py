"""The database's schema: migrated up and down, and checked before a process serves."""

from __future__ import annotations

from importlib import resources

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine

from store.database import Database
from store.errors import SchemaMismatch


def alembic_config(url: str) -> Config:
    """Alembic's configuration for the migrations that the package carries, on this database."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("migrations")).replace("%", "%%"))
    config.attributes["url"] = url
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database up to `revision`; does nothing where it is there already."""
    command.upgrade(alembic_config(url), revision)


def downgrade(url: str, revision: str = "base") -> None:
    """Take the database down to `revision`; what later revisions added is lost."""
    command.downgrade(alembic_config(url), revision)


def head() -> str:
    """The newest revision that this code carries."""
    revision = ScriptDirectory.from_config(alembic_config("")).get_current_head()
    if revision is None:
        raise SchemaMismatch("The package carries no migrations.")
    return revision


def current(url: str) -> str | None:
    """The database's revision; None where it has never been migrated."""
    database = Database(url)
    try:
        return current_of(database.engine)
    finally:
        database.dispose()


def current_of(engine: Engine) -> str | None:
    """The revision of an open database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require(engine: Engine) -> None:
    """Check that the database has every revision that this code needs.

    A revision that this code does not know is a newer release's: it is accepted, since migrations only expand
    until no release that needs the old form runs any more.

    Raises
    ------
    SchemaMismatch
        When the database is not migrated, or behind.
    """
    found = current_of(engine)
    known = {script.revision for script in ScriptDirectory.from_config(alembic_config("")).walk_revisions()}
    if found is None or (found in known and found != head()):
        raise SchemaMismatch(
            f"The database is at revision {found or 'none'}, this code needs {head()}. Run `mlp db upgrade`."
        )
