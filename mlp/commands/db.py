"""``mlp db``: the database's schema."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from mlp.commands import terminal

app = typer.Typer(help="Bring the database (MLP_DATABASE_URL) to a schema.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the database to the newest schema."""
    from store import schema

    with _database() as url:
        schema.upgrade(url)
        print(schema.current(url))


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(help="A revision; `base` empties the database.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Take the database back to an older schema. What the newer one kept is lost."""
    from store import schema

    if not yes:
        typer.confirm(f"Go back to {revision}, and lose what later revisions keep?", abort=True)
    with _database() as url:
        schema.downgrade(url, revision)
        print(schema.current(url) or "base")


@app.command()
def current() -> None:
    """Say which schema the database has."""
    from store import schema

    with _database() as url:
        print(schema.current(url) or "base")


@contextmanager
def _database() -> Iterator[str]:
    """The database's URL; its errors end the command with a sentence."""
    from alembic.util import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    from store.errors import StoreError
    from store.settings import Settings

    settings = Settings()
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        yield settings.resolved_database_url
    except (SQLAlchemyError, StoreError, CommandError, OSError) as error:
        terminal.fail(f"The database cannot be used: {error}", "Check MLP_DATABASE_URL.")
