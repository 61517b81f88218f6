"""What the API says of a column: its type, its role, its extent."""

from __future__ import annotations

import math
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from store.ingest.columns import TypedColumn
from store.ingest.limits import Limits

# Parameters of `GET /predict`: a column of such a name is asked for as `feature.<name>`.
RESERVED = frozenset({"model", "version", "alias", "x", "explain", "top_k"})
FEATURE_PREFIX = "feature."


def query_name(name: str) -> str:
    """The column's name as a parameter of ``GET /predict``."""
    return FEATURE_PREFIX + name if name in RESERVED or name.startswith(FEATURE_PREFIX) else name


def describe(column: TypedColumn, *, role: str, limits: Limits) -> dict[str, Any]:
    """The API's object of a column, JSON-typed.

    ``std`` is that of a sample (divisor n − 1); of booleans ``mean`` is the share that is true. ``categories`` are
    sorted; None where there are more than the limit.
    """
    values = column.values
    described: dict[str, Any] = {
        "name": column.name,
        "type": column.type,
        "role": role,
        "missing": int(values.null_count),
    }
    if column.type == "category":
        described["categories"] = _categories(values, limits.max_categories)
    else:
        described.update(_extent(values))
    described["query_name"] = query_name(column.name)
    return described


def _categories(values: Any, most: int) -> list[str] | None:
    distinct = pc.unique(values).drop_null()
    return sorted(distinct.to_pylist()) if len(distinct) <= most else None


def _extent(values: Any) -> dict[str, float | int | None]:
    if pa.types.is_boolean(values.type):
        values = pc.cast(values, pa.int64())
    extremes = pc.min_max(values).as_py()
    return {
        "min": extremes["min"],
        "max": extremes["max"],
        "mean": _finite(pc.mean(values).as_py()),
        "std": _finite(pc.stddev(values, ddof=1).as_py()),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
