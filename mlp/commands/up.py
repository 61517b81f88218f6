"""``mlp up``: the whole service on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mlp.commands import terminal


def up(
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port of the API; 0 takes a free one.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of all state.", file_okay=False)] = None,
) -> None:
    """Run the whole service: database, broker, worker, reaper and API. Ctrl-C stops it.

    Options left out come from MLP_PORT, MLP_HOST and MLP_DATA_DIR.
    """
    from pydantic import ValidationError
    from sqlalchemy.exc import SQLAlchemyError

    from mlp import stack
    from mlp.door import DoorShut, is_loopback
    from mlp.lock import FolderHeld
    from mlp.redis_server import RedisServerError
    from mlp.watcher import GaveUp
    from store.errors import StoreError
    from store.settings import Settings

    given = {"port": port, "host": host, "data_dir": data_dir}
    try:
        settings = Settings(**{key: value for key, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        lines = "; ".join(f"MLP_{str(entry['loc'][0]).upper()}: {entry['msg']}" for entry in error.errors())
        terminal.fail(f"A setting cannot be read: {lines}.", code=terminal.USAGE)
    if not is_loopback(settings.host) and not settings.allow_remote:
        terminal.fail(
            f"{settings.host} can be reached from other machines, and the service asks nobody for a key.",
            "If that is meant, set MLP_ALLOW_REMOTE=true.",
        )
    console = terminal.out()
    if "broker_url" in settings.model_fields_set:
        console.print("MLP_BROKER_URL is not used here: `mlp up` runs a Redis of its own.", style="yellow")

    def say(part: str, line: str) -> None:
        mark = "[green]✓[/]" if line == "ready" else "[dim]·[/]" if line == "stopping" else "[yellow]![/]"
        console.print(f"{mark} {part:<9} {line}", soft_wrap=True)

    try:
        stack.run(settings, say, lambda url: _welcome(url, settings.data_dir.absolute()))
    except FolderHeld as error:
        terminal.fail(str(error), "Use that one, or give another folder: mlp up --data-dir FOLDER --port 0")
    except (DoorShut, RedisServerError) as error:
        terminal.fail(str(error))
    except GaveUp as error:
        terminal.fail(f"{error}.\n{_tail(error.part.log)}", f"Its whole log: {error.part.log}")
    except (SQLAlchemyError, StoreError) as error:
        terminal.fail(f"The database cannot be used: {error}", "Check MLP_DATABASE_URL.")
    except OSError as error:
        terminal.fail(f"{settings.data_dir.absolute()} cannot be used: {error}", "Set MLP_DATA_DIR to another folder.")
    console.print("Stopped. A next `mlp up` goes on where this one was.", style="dim")


def _welcome(url: str, folder: Path) -> None:
    """Say where the service is, and give three commands to paste (never wrapped by us)."""
    from mlp.sample import curl_lines

    console = terminal.out()
    console.print(f"\n[bold]The service is at {url}[/]   (interactive documentation: {url}/docs)", soft_wrap=True)
    console.print(f"State and logs: {folder}   Stop: Ctrl-C\n", soft_wrap=True, style="dim")
    console.print("Upload a table, train on it, predict:\n")
    for line in curl_lines(url):
        print(line)
    print(flush=True)


def _tail(log: Path, lines: int = 15) -> str:
    """The last lines of a part's log."""
    try:
        return "\n".join(f"  {line}" for line in log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
