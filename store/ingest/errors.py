"""What is wrong with an uploaded table, each problem with its place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

MOST_PROBLEMS = 20
_SHOWN = 40


@dataclass(frozen=True)
class TableProblem:
    """One thing to mend.

    Parameters
    ----------
    code : str
        Stable name of the kind of problem; clients switch on it.
    detail : str
        A sentence for the person who sent the table.
    row : int or None
        Data row, from 1, the header not counted.
    column : str or None
        Name of the column.
    """

    code: str
    detail: str
    row: int | None = None
    column: str | None = None


class IngestError(Exception):
    """A table that cannot become a dataset.

    Parameters
    ----------
    problems : iterable of TableProblem
        At least one; at most 20 are kept.
    unparseable : bool
        True when the bytes are no table at all (HTTP 400), False when they are an unacceptable one (422).
    """

    def __init__(self, problems: Iterable[TableProblem], *, unparseable: bool = False) -> None:
        self.problems = [_encodable(problem) for problem in list(problems)[:MOST_PROBLEMS]]
        self.unparseable = unparseable
        super().__init__(self.problems[0].detail)

    @property
    def code(self) -> str:
        """The first problem's code."""
        return self.problems[0].code

    @property
    def detail(self) -> str:
        """The first problem's sentence."""
        return self.problems[0].detail


def refuse(code: str, detail: str, *, row: int | None = None, column: str | None = None) -> IngestError:
    """An acceptable form with unacceptable content: one problem, to be raised."""
    return IngestError([TableProblem(code, detail, row, column)])


def unparseable(code: str, detail: str, *, row: int | None = None) -> IngestError:
    """Bytes that are no table: one problem, to be raised."""
    return IngestError([TableProblem(code, detail, row)], unparseable=True)


def shown(value: Any) -> str:
    """The value as it stands in a message: quoted, and shortened to 40 characters."""
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return f"an integer of more than {_SHOWN} digits"  # Python refuses to write out those of thousands
    text = value if isinstance(value, str) else repr(value)
    text = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return repr(text) if isinstance(value, str) else text


def _encodable(problem: TableProblem) -> TableProblem:
    """The problem with every half of a surrogate pair escaped: it could not be encoded in an answer."""
    column = None if problem.column is None else _escaped(problem.column)
    return replace(problem, detail=_escaped(problem.detail), column=column)


def _escaped(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
