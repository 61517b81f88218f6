"""Runs the migrations on one database; the URL comes from `store.schema`, else from the settings."""

from __future__ import annotations

from alembic import context

from store.database import Database
from store.search_tables import Base  # with it all the others
from store.settings import Settings


def run() -> None:
    """Run inside one transaction, so that a failed migration leaves the schema as it was."""
    url = context.config.attributes.get("url") or Settings().resolved_database_url
    database = Database(url)
    engine = database.engine.execution_options(mlp_begin="BEGIN IMMEDIATE")
    try:
        with engine.connect() as connection:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                render_as_batch=database.is_sqlite,
                transactional_ddl=True,
                transaction_per_migration=False,
            )
            with context.begin_transaction():
                if not database.is_sqlite:
                    # Replicas that start together must not migrate at once.
                    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(6227020800)")
                context.run_migrations()
    finally:
        database.dispose()


run()
