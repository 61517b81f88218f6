"""What the store and core refuse, as problems of the HTTP contract."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from core.errors import InvalidConfiguration, MLPError
from service.problems import PROBLEMS, ErrorItem, Problem, problem_at, problem_of
from service.training_settings import configuration_problem
from store.errors import Conflict, Corrupt, NotFound, SchemaMismatch, StoreError
from store.ids import is_name
from store.ingest import IngestError
from store.space import is_full

_REFERENCE = re.compile(r"[A-Za-z0-9._-]{1,80}(@[1-9][0-9]{0,8})?")
RETRY_SECONDS = "2"
QUEUE_RETRY_SECONDS = "10"
TOO_MANY = 429


def problem_of_error(error: Exception) -> Problem | None:
    """The problem that an error of another room stands for; None where it is a fault of our own."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, IngestError):
        return _table_problem(error)
    if isinstance(error, InvalidConfiguration):
        return configuration_problem(error)
    if isinstance(error, SchemaMismatch):
        return Problem("not_ready", error.detail, headers={"Retry-After": RETRY_SECONDS})
    if isinstance(error, Corrupt):
        return None
    if isinstance(error, StoreError):
        status = 404 if isinstance(error, NotFound) else 409 if isinstance(error, Conflict) else 500
        status = PROBLEMS.get(error.code, (status,))[0]
        headers = {"Retry-After": QUEUE_RETRY_SECONDS} if status == TOO_MANY else {}
        return Problem(error.code, error.detail, status=status, headers=headers)
    if isinstance(error, MLPError) and error.code in PROBLEMS:
        return Problem(error.code, error.detail)
    if is_full(error):
        detail = "The service's disk is full; nothing was changed. Try again when whoever runs it has made room."
        return Problem("storage_full", detail)
    if isinstance(error, (OperationalError, InterfaceError, PoolTimeout)):
        # What was changed is not known: the answer to a commit may be what was lost.
        detail = "The database cannot be reached at the moment. Try again; a change best with its Idempotency-Key."
        return Problem("database_unavailable", detail, headers={"Retry-After": RETRY_SECONDS})
    return None


@contextmanager
def placed(
    *, pointer: str | None = None, parameter: str | None = None, others: Mapping[str, Mapping[str, str]] | None = None
) -> Iterator[None]:
    """Say where in the request the name stands that the block does not find, or finds in the way.

    Parameters
    ----------
    pointer, parameter : str or None
        The place.
    others : mapping of code to place
        Places of some codes, where they differ.
    """
    try:
        yield
    except (NotFound, Conflict) as error:
        problem = problem_of_error(error)
        assert problem is not None
        place = (others or {}).get(problem.code, {"pointer": pointer, "parameter": parameter})
        if problem.code == "too_many_jobs":
            raise problem from None  # whatever the request names is not in the way
        item = ErrorItem(problem.code, problem.detail, **place)
        raise Problem(problem.code, problem.detail, (item,), problem.headers, problem.status) from None


def check_name(name: str, *, pointer: str | None = None, parameter: str | None = None) -> str:
    """The name, when something new may be called so.

    Raises
    ------
    Problem
        422 ``invalid_name``.
    """
    if not is_name(name):
        detail = (
            "A name has 1 to 64 of the characters A-Z a-z 0-9 . _ - and begins with a letter or a digit; "
            "it may not look like an id."
        )
        raise problem_at("invalid_name", detail, pointer=pointer, parameter=parameter)
    return name


def check_reference(what: str, reference: str) -> str:
    """The reference, when anything could be called so: what could not is not looked for.

    Raises
    ------
    NotFound
    """
    if not _REFERENCE.fullmatch(reference):
        raise NotFound(what, reference[:100])
    return reference


def _table_problem(error: IngestError) -> Problem:
    items = [ErrorItem(p.code, p.detail, row=p.row, column=p.column) for p in error.problems]
    return problem_of(items, status=400 if error.unparseable else 422)
