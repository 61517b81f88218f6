"""What the store refuses, by name.

StoreError
├── NotFound          a name or id that does not exist (any more)
├── Conflict          a state in the way; ``code`` says which
├── LeaseLost         a worker wrote under a claim that is no longer in force
├── Corrupt           stored bytes whose SHA-256 is not the recorded one
└── SchemaMismatch    the database lacks a revision that this code needs
"""

from __future__ import annotations


class StoreError(Exception):
    """Root of the store's errors.

    Parameters
    ----------
    detail : str
        A sentence for the person who asked.
    """

    code = "store_error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(StoreError):
    """Nothing by that name or id.

    Parameters
    ----------
    what : str
        ``dataset``, ``job``, ``model``, ``version`` or ``alias``.
    name : str
        What was asked for.
    nearest : str or None
        The nearest existing name, for a misspelt one.
    """

    def __init__(self, what: str, name: str, nearest: str | None = None) -> None:
        super().__init__(f"There is no {what} {name!r}." + (f" Did you mean {nearest!r}?" if nearest else ""))
        self.what, self.name, self.nearest = what, name, nearest
        self.code = f"{what}_not_found"


class Conflict(StoreError):
    """A state in the way of what was asked.

    Parameters
    ----------
    code : str
        Stable name of the state, such as ``model_target_mismatch``.
    detail : str
        A sentence for the person who asked.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Corrupt(StoreError):
    """Stored bytes that are not what was written."""

    code = "corrupt"


class SchemaMismatch(StoreError):
    """The database is older than the code."""

    code = "schema_mismatch"


class LeaseLost(StoreError):
    """This worker's claim of the job is no longer in force: another holds it, or the job has ended."""

    code = "lease_lost"
