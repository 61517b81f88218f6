"""Names of a table's columns: cleaned, checked, and matched against a schema."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from store.ingest.columns import COLUMN_TYPES
from store.ingest.errors import MOST_PROBLEMS, IngestError, TableProblem, refuse, shown
from store.ingest.limits import Limits

FIRST_UNNAMED = "column_1"
MOST_NAME_CHARACTERS = 255


def clean_name(raw: str) -> str:
    """The name without blanks around it, in Unicode's composed form (NFC)."""
    return unicodedata.normalize("NFC", raw.strip())


def clean_names(raw: Sequence[str], limits: Limits) -> list[str]:
    """The columns' names, all different and none empty.

    An empty first name (an index, as R and pandas write it) becomes ``column_1``.

    Raises
    ------
    IngestError
        ``too_many_columns``, ``empty_column_name``, ``duplicate_column``, ``column_name_too_long``,
        ``lone_surrogate``, ``nul_byte``.
    """
    check_column_count(len(raw), limits)
    names = [clean_name(name) for name in raw]
    if names and not names[0]:
        names[0] = FIRST_UNNAMED
    problems: list[TableProblem] = []
    first: dict[str, int] = {}
    for position, name in enumerate(names, start=1):
        if not name:
            detail = f"Column {position} has no name (is there a delimiter too many at the header's end?)."
            problems.append(TableProblem("empty_column_name", detail))
        elif len(name) > MOST_NAME_CHARACTERS:
            detail = f"The name of column {position} has {len(name)} characters; at most {MOST_NAME_CHARACTERS} can be."
            problems.append(TableProblem("column_name_too_long", detail))
        elif any("\ud800" <= character <= "\udfff" for character in name):
            detail = f"The name of column {position} has half of a surrogate pair, which is no character."
            problems.append(TableProblem("lone_surrogate", detail))
        elif "\0" in name:
            detail = f"The name of column {position} has a NUL character; text has none."
            problems.append(TableProblem("nul_byte", detail))
        elif name in first:
            detail = f"Columns {first[name]} and {position} are both named {shown(name)}."
            problems.append(TableProblem("duplicate_column", detail, column=name))
        else:
            first[name] = position
    if problems:
        raise IngestError(problems)
    return names


def check_column_count(count: int, limits: Limits) -> None:
    """Raise `IngestError` ``too_many_columns`` when there are more than the limit."""
    if count > limits.max_columns:
        raise refuse(
            "too_many_columns", f"The table has {count:,} columns; at most {limits.max_columns:,} can be stored."
        )


def check_schema(schema: Mapping[str, str] | None, names: Sequence[str]) -> dict[str, str]:
    """The declared types by cleaned name.

    Raises
    ------
    IngestError
        ``unknown_column`` (with the nearest name), ``unknown_type``.
    """
    declared = {clean_name(name): kind for name, kind in (schema or {}).items()}
    known = set(names)
    problems: list[TableProblem] = []
    for name, kind in declared.items():
        if len(problems) >= MOST_PROBLEMS:
            break  # no more are told, and each looks through all names for the nearest
        if name not in known:
            detail = f"The schema names a column {shown(name)} that is not there.{did_you_mean(name, names)}"
            problems.append(TableProblem("unknown_column", detail, column=name))
        elif kind not in COLUMN_TYPES:
            detail = (
                f"The schema gives column {shown(name)} the type {shown(kind)}; types are {', '.join(COLUMN_TYPES)}."
            )
            problems.append(TableProblem("unknown_type", detail, column=name))
    if problems:
        raise IngestError(problems)
    return declared


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like the given one, if any is like it."""
    found = difflib.get_close_matches(name, list(known), n=1)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known name; empty when none is near."""
    found = nearest(name, known)
    return f" Did you mean {found!r}?" if found else ""
