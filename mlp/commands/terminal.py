"""How every command speaks and fails: the consoles, the exit codes, the client for ``MLP_URL``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from mlp.client import Client

REFUSED = 1
"""Exit code: the service said no, the job failed, or the stack cannot run."""
USAGE = 2
"""Exit code: the command was not understood (typer uses the same)."""
UNREACHABLE = 3
"""Exit code: no service answers."""

DEFAULT_URL = "http://127.0.0.1:8000"


def out() -> Console:
    """The console for results (stdout)."""
    return Console(highlight=False)


def complaints() -> Console:
    """The console for what went wrong (stderr)."""
    return Console(stderr=True, highlight=False)


def fail(message: str, hint: str = "", code: int = REFUSED) -> NoReturn:
    """Say what was wrong, and what to type next; leave with `code`."""
    console = complaints()
    console.print(f"[bold red]Error:[/] {escape(message)}", soft_wrap=True)
    if hint:
        console.print(f"[dim]→[/] {escape(hint)}", soft_wrap=True)
    raise typer.Exit(code)


def print_json(document: Any) -> None:
    """Print a document for another program to read."""
    print(json.dumps(document, ensure_ascii=False, indent=2))


def text_of(value: Any) -> str:
    """A JSON value as a cell of text: true, not True; nothing for null."""
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, bool) else str(value)


def service_url() -> str:
    """Where the service is: ``MLP_URL``, else this machine's port 8000."""
    return os.environ.get("MLP_URL") or DEFAULT_URL


@contextmanager
def service() -> Iterator[Client]:
    """A client of the service; its errors end the command with a sentence and the right exit code."""
    from mlp import problems
    from mlp.client import Client

    url = service_url()
    try:
        with Client(url) as client:
            yield client
    except problems.Unreachable as error:
        fail(error.detail, "Start one with `mlp up`, or say where it is: MLP_URL=http://host:port", UNREACHABLE)
    except problems.UnreadableAnswer as error:
        fail(error.detail, f"MLP_URL is {url}", UNREACHABLE)
    except problems.NotFound as error:
        fail(error.detail, _listing(error.code))
    except problems.Problem as error:
        places = "\n".join(f"  {problems.place(entry)}{entry.get('detail', '')}" for entry in error.errors)
        again = f"Try again in {error.retry_after:g} s." if error.retry_after else ""
        fail(f"{error.detail} ({error.code})" + (f"\n{places}" if places else ""), again)
    except problems.MLPClientError as error:
        fail(error.detail)
    except ValueError as error:
        fail(str(error), code=USAGE)


def _listing(code: str) -> str:
    """The command that lists what there is of the kind that was not found."""
    commands = {"dataset": "mlp dataset list", "job": "mlp jobs", "model": "mlp models", "version": "mlp models"}
    command = commands.get(code.removesuffix("_not_found"))
    return f"See what there is: {command}" if command else ""
