"""Whether a version is better than the one that an alias points at: asked before the alias moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.comparison import improvement, lower_is_better, metric_names, metric_values
from service.held_out import PARTS, have_same_rows, target_names, task_of
from service.problems import problem_at, shown
from service.schemas.aliases import MoveRequest
from service.scoring import Contestant, scores
from service.store_problems import check_reference
from service.validation import nearest
from store import aliases, datasets, registry
from store.database import Database
from store.errors import NotFound
from store.files import FileStore
from store.registry_tables import ModelVersionRow
from store.tables import DatasetRow

_FIELDS = ("metric", "dataset", "min_improvement")
_HINT = "Name a `dataset`, and both are scored on it."


@dataclass(frozen=True)
class Verdict:
    """What a comparison came to.

    Attributes
    ----------
    comparison : dict
        As the answer says it.
    better : bool
    expected : dict of str to int or None
        Where the aliases pointed that it depends on.
    reason : str
        In a sentence.
    """

    comparison: dict[str, Any]
    better: bool
    expected: dict[str, int | None]
    reason: str


def is_challenge(body: MoveRequest) -> bool:
    """Whether the move depends on a comparison.

    Raises
    ------
    Problem
        422 ``missing_field`` where a comparison is half told.
    """
    if body.if_better_than is None:
        for field in _FIELDS:
            if getattr(body, field) is not None:
                raise problem_at("missing_field", f"`{field}` goes with `if_better_than`.", pointer="/if_better_than")
        return False
    if body.metric is None:
        raise problem_at("missing_field", "`if_better_than` goes with a `metric`.", pointer="/metric")
    return True


def judge(
    database: Database,
    files: FileStore,
    load: Callable[[ModelVersionRow], Contestant],
    project: str,
    model: str,
    alias: str,
    body: MoveRequest,
    *,
    max_rows: int,
) -> Verdict:
    """Compare the version with the one that `if_better_than` points at.

    Parameters
    ----------
    load : callable
        A version's row as what can be scored.
    max_rows : int
        Most rows of a dataset that both are scored on.

    Raises
    ------
    Problem, NotFound
    """
    assert body.if_better_than is not None
    assert body.metric is not None
    check_reference("alias", body.if_better_than)
    if body.dataset is not None:
        check_reference("dataset", body.dataset)
    with database.read() as s:
        challenger = registry.get_version(s, project, model, body.version)
        # One question for both aliases: between two they could move.
        here = {row.alias: row.version for row in aliases.find_aliases(s, project, model)}
        held = here.get(body.if_better_than)
        if held is None:
            raise NotFound("alias", f"{model}/{body.if_better_than}")
        incumbent = registry.get_version(s, project, model, held)
        dataset = None if body.dataset is None else datasets.resolve(s, project, body.dataset)
    _check_metric(challenger, body.metric)
    rows = [challenger, incumbent]
    if dataset is None:
        on, count, metrics = _brought_along(challenger, incumbent)
        table = challenger.dataset
    else:
        on = "dataset"
        count, metrics = scores([load(row) for row in rows], dataset, files, max_rows=max_rows)
        table = _named(dataset)
    values = [metric_values([body.metric], each)[body.metric] for each in metrics]
    for row, value in zip(rows, values, strict=True):
        if value is None:
            detail = f"{body.metric} of version {row.version} is not defined on these rows."
            raise problem_at("not_comparable", detail, pointer="/metric")
    score, over = (float(value) for value in values if value is not None)
    gain, least = improvement(body.metric, score, over), body.min_improvement or 0.0
    comparison = {
        "metric": body.metric,
        "direction": "minimize" if lower_is_better(body.metric) else "maximize",
        "on": on,
        "dataset": table,
        "rows": count,
        "challenger": {"version": challenger.version, "score": score},
        "incumbent": {"version": incumbent.version, "score": over},
        "improvement": gain,
        "min_improvement": least,
    }
    where = f"{count:,} rows of {table['name']}@{table['version']}" + ("" if on == "dataset" else f" ({on})")
    reason = f"{body.metric} {score:.6g} against {over:.6g} of version {incumbent.version}, on {where}"
    expected = {body.if_better_than: held, alias: here.get(alias)}
    return Verdict(comparison, gain > 0 and gain >= least, expected, reason)


def _check_metric(row: ModelVersionRow, metric: str) -> None:
    names = metric_names(task_of(row), target_names(row))
    if metric not in names:
        some = ", ".join(names[:50])
        detail = f"{task_of(row).capitalize()} has no metric {shown(metric)}; it has {some}.{nearest(metric, names)}"
        raise problem_at("invalid_value", detail, pointer="/metric")


def _brought_along(challenger: ModelVersionRow, incumbent: ModelVersionRow) -> tuple[str, int, list[Any]]:
    """The part, its rows, and the metrics of both that are stored with them."""
    for row in (challenger, incumbent):
        if not any(row.metrics.get(part) for part in PARTS):
            detail = f"Version {row.version} brought no metrics of rows that it did not learn from. {_HINT}"
            raise problem_at("not_comparable", detail, pointer="/dataset")
    for part in PARTS:
        if have_same_rows(challenger, incumbent, part):
            metrics = [row.metrics[part] for row in (challenger, incumbent)]
            return part, int(metrics[0]["rows"]), metrics
    detail = (
        f"Versions {challenger.version} and {incumbent.version} were scored on different rows: another dataset, seed "
        f"or split. {_HINT}"
    )
    raise problem_at("not_comparable", detail, pointer="/dataset")


def _named(dataset: DatasetRow) -> dict[str, Any]:
    return {"id": dataset.id, "name": dataset.name, "version": dataset.version, "sha256": dataset.sha256}
