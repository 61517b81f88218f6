"""A version's logged predictions beside the rows that it was trained on: how far inputs and outputs have moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from core.column_profile import ColumnProfile
from core.drift import LEAST_INDEX, LEVEL, ChiSquare, chi_square, has_drifted, stability_index
from core.predicted_columns import NO_YES
from core.table import CategoryColumn, Column, NumberColumn
from core.targets import class_key
from store.errors import Conflict
from store.prediction_log import predictions_since
from store.profiles import load_profile

LEAST_ROWS = 100
MOST_ROWS = 10_000
MOST_VALUES = 2_000_000
Row = tuple[float, Mapping[str, Any], Mapping[str, Any]]


@dataclass(frozen=True)
class ColumnDrift:
    """One column: its profile, how often the log has each bin, and what the two come to."""

    profile: ColumnProfile
    counts: tuple[int, ...]
    index: float
    test: ChiSquare
    drifted: bool


@dataclass(frozen=True)
class Drift:
    """All columns of one version, compared over `rows` predictions between two times, seconds since the epoch."""

    rows: int
    first: float
    last: float
    outputs_of: str
    features: tuple[ColumnDrift, ...]
    outputs: tuple[ColumnDrift, ...]


def measure(
    s: Session, project: str, model: str, version: int, *, since: float | None = None, most_rows: int = MOST_ROWS
) -> Drift:
    """Compare the newest logged predictions with the training, at most `most_rows` and `MOST_VALUES` values.

    Raises
    ------
    Conflict
        ``no_profile``; ``not_enough_predictions`` below `LEAST_ROWS`.
    """
    profile = load_profile(s, project, model, version)
    if profile is None:
        detail = f"The version {model}/{version} has no profile of its training rows: it is imported, or an old one."
        raise Conflict("no_profile", detail)
    features = [ColumnProfile.from_dict(each) for each in profile["features"]]
    outputs = [ColumnProfile.from_dict(each) for each in profile["outputs"]]
    limit = max(LEAST_ROWS, min(most_rows, MOST_VALUES // max(1, len(features))))
    rows = predictions_since(s, project, model, version, since=since, limit=limit)
    if len(rows) < LEAST_ROWS:
        detail = (
            f"{len(rows)} predictions of {model}/{version} are logged{'' if since is None else ' since then'}; "
            f"{LEAST_ROWS} are needed. MLP_LOG_SAMPLE says which share is logged."
        )
        raise Conflict("not_enough_predictions", detail)
    return compare(rows, features, outputs, profile["outputs_of"])


def compare(
    rows: Sequence[Row], features: Sequence[ColumnProfile], outputs: Sequence[ColumnProfile], outputs_of: str
) -> Drift:
    """Compare logged rows, newest first, with the profiles."""
    of_output = _reader(rows[0][2])
    made = [row[0] for row in rows]
    columns = len(features) + len(outputs)
    return Drift(
        rows=len(rows),
        first=min(made),
        last=max(made),
        outputs_of=outputs_of,
        features=tuple(_drift(each, [row[1].get(each.name) for row in rows], columns) for each in features),
        outputs=tuple(_drift(each, [of_output(row[2], each.name) for row in rows], columns) for each in outputs),
    )


def drift_answer(drift: Drift) -> dict[str, Any]:
    """All but which version it is, as JSON; the times as they are."""
    return {
        "rows": drift.rows,
        "outputs_of": drift.outputs_of,
        "thresholds": {"psi": LEAST_INDEX, "p_value": LEVEL / (len(drift.features) + len(drift.outputs))},
        "drifted": [each.profile.name for each in (*drift.features, *drift.outputs) if each.drifted],
        "features": [_shown(each) for each in drift.features],
        "outputs": [_shown(each) for each in drift.outputs],
    }


def _shown(each: ColumnDrift) -> dict[str, Any]:
    training, logged = _shares(each.profile.counts), _shares(each.counts)
    return {
        "name": each.profile.name,
        "psi": each.index,
        "statistic": each.test.statistic,
        "degrees_of_freedom": each.test.degrees_of_freedom,
        "p_value": each.test.p_value,
        "drifted": each.drifted,
        "bins": [
            {"bin": name, "training": before, "predicted": after}
            for name, before, after in zip(each.profile.bins, training, logged, strict=True)
            if before or after
        ],
    }


def _shares(counts: Sequence[int]) -> list[float]:
    total = max(1, sum(counts))
    return [count / total for count in counts]


def _drift(profile: ColumnProfile, values: Sequence[Any], columns: int) -> ColumnDrift:
    counts = tuple(profile.count(_column(profile, values)).tolist())
    index, test = stability_index(profile.counts, counts), chi_square(profile.counts, counts)
    return ColumnDrift(profile, counts, index, test, has_drifted(index, test, columns))


def _column(profile: ColumnProfile, values: Sequence[Any]) -> Column:
    """JSON values as the profile's kind of column; None, or what is of another kind, is missing."""
    if profile.levels is None:
        numbers = [value if isinstance(value, (int, float)) else np.nan for value in values]
        return NumberColumn(np.array(numbers, dtype=np.float64))
    categories = tuple(dict.fromkeys(value for value in values if isinstance(value, str)))
    places = {name: place for place, name in enumerate(categories)}
    codes = [places[value] if isinstance(value, str) else -1 for value in values]
    return CategoryColumn(np.array(codes, dtype=np.int32), categories)


def _reader(outputs: Mapping[str, Any]) -> Callable[[Mapping[str, Any], str], Any]:
    """How the value of an output column is read from a logged prediction of that form."""
    if "label" in outputs:
        return lambda each, _name: class_key(each["label"])
    if "labels" in outputs:
        return lambda each, name: NO_YES[name in each["labels"]]
    if "values" in outputs:
        return lambda each, name: each["values"].get(name)
    return lambda each, _name: each["value"]
