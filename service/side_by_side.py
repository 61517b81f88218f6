"""The metrics of several versions side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.comparison import improvement, lower_is_better, metric_names, metric_values
from service.held_out import PARTS, have_same_rows, held_out, target_names, task_of
from store.clock import rfc3339
from store.registry_tables import ModelVersionRow


def side_by_side(
    model: str, rows: Sequence[ModelVersionRow], reference: ModelVersionRow | None, selected_by: str | None
) -> dict[str, Any]:
    """Each metric of the versions: its values, which is best, and how far each is from the reference's.

    A version's metrics are those of its test rows, else of its validation rows; of the validation rows for all where
    some have only these.

    Parameters
    ----------
    rows : sequence of ModelVersionRow
        The versions, in the order of the answer.
    reference : ModelVersionRow or None
        The one that the others are measured against; None only where there are no versions.
    selected_by : str or None
        Why it is: ``champion`` or ``newest``.
    """
    everyone = [*rows, *([] if reference is None else [reference])]
    scored = [row for row in everyone if held_out(row)[0] is not None]
    common = next((part for part in PARTS if scored and all(row.metrics.get(part) for row in scored)), None)
    found = {row.version: (common, row.metrics.get(common) or {}) if common else held_out(row) for row in everyone}
    names = metric_names(task_of(everyone[0]), target_names(everyone[0])) if everyone else []
    values = {version: metric_values(names, metrics) for version, (_, metrics) in found.items()}
    return {
        "model": model,
        "reference": None if reference is None else {"version": reference.version, "selected_by": selected_by},
        "versions": [_described(row, reference, *found[row.version]) for row in rows],
        "metrics": [_compared(name, [row.version for row in rows], values, reference) for name in names],
    }


def _described(row: ModelVersionRow, reference: ModelVersionRow | None, part: str | None, metrics: Any) -> Any:
    same = reference is not None and part is not None and have_same_rows(row, reference, part)
    return {
        "version": row.version,
        "source": row.source,
        "created_at": rfc3339(row.created_at),
        "dataset": row.dataset if row.dataset.get("id") else None,
        "parameters": row.parameters,
        "part": part if metrics else None,
        "rows": metrics.get("rows"),
        "same_rows": same,
    }


def _compared(
    name: str,
    versions: Sequence[int],
    values: dict[int, dict[str, float | None]],
    reference: ModelVersionRow | None,
) -> dict[str, Any]:
    lower = lower_is_better(name)
    known = [value for version in versions if (value := values[version][name]) is not None]
    best = None if not known else min(known) if lower else max(known)
    against = None if reference is None else values[reference.version][name]
    items = []
    for version in versions:
        value = values[version][name]
        difference = None if value is None or against is None else value - against
        better = None if value is None or against is None else improvement(name, value, against)
        items.append({"version": version, "value": value, "difference": difference, "improvement": better})
    return {
        "metric": name,
        "direction": "minimize" if lower else "maximize",
        "best": [version for version in versions if best is not None and values[version][name] == best],
        "values": items,
    }
