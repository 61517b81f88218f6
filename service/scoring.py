"""Versions scored on a stored dataset, as it is now; the table is read some rows at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from core.errors import EncodingError
from core.metrics import METRICS_OF
from core.table import Table
from service.loaded_version import LoadedVersion
from service.problems import Problem, problem_at
from store.errors import NotFound
from store.files import FileStore
from store.parquet import ColumnReader
from store.tables import DatasetRow

MOST_WORK = 100_000_000_000  # rows times parameters: some seconds of one core
_PLACE = "/dataset"


class Contestant(NamedTuple):
    """A version to be scored."""

    number: int
    version: LoadedVersion


def scores(
    contestants: Sequence[Contestant], dataset: DatasetRow, files: FileStore, *, max_rows: int
) -> tuple[int, list[Mapping[str, Any]]]:
    """How many rows have a target, and the metrics of each version on them (`core.metrics`).

    Raises
    ------
    Problem, NotFound
        422 where a version cannot be scored on this table, or it has too many rows.
    """
    _check_size(contestants, dataset, max_rows)
    for contestant in contestants:
        _check_columns(contestant, dataset)
    targets = list(contestants[0].version.target_encoding.names)
    try:
        file = files.open(dataset.blob_key)
    except FileNotFoundError:  # deleted a moment ago
        raise NotFound("dataset", dataset.id) from None
    with file, ColumnReader(file) as reader:
        labels = reader.columns(targets)
        kept = np.flatnonzero(~np.any([labels[name].missing for name in targets], axis=0))
        if len(kept) == 0:
            detail = f"No row of {dataset.name}@{dataset.version} has a value in {', '.join(map(repr, targets))}."
            raise problem_at("no_rows", detail, pointer=_PLACE)
        wanted = {name: labels[name].take(kept) for name in targets}
        return len(kept), [_score(contestant, reader, wanted, kept) for contestant in contestants]


def _check_size(contestants: Sequence[Contestant], dataset: DatasetRow, max_rows: int) -> None:
    most = min(max_rows, MOST_WORK // max(int(each.version.network.parameters.size) for each in contestants))
    if dataset.rows > most:
        detail = (
            f"{dataset.name}@{dataset.version} has {dataset.rows:,} rows; versions of this size are compared on "
            f"at most {most:,}. Upload a sample of them."
        )
        raise problem_at("too_many_rows", detail, pointer=_PLACE)


def _check_columns(contestant: Contestant, dataset: DatasetRow) -> None:
    """Refuse a table without the version's columns, or with categories in the place of numbers."""
    types = {column["name"]: column["type"] for column in dataset.columns}
    version, where = contestant.version, f"{dataset.name}@{dataset.version}"
    for name in (*(feature.name for feature in version.features), *version.target_encoding.names):
        if name not in types:
            detail = f"Version {contestant.number} needs the column {name!r}; {where} has none."
            raise problem_at("invalid_value", detail, pointer=_PLACE)
    for feature in version.features:
        if (types[feature.name] == "category") != (feature.type == "category"):
            detail = f"{feature.name!r} is {feature.type} to version {contestant.number}, not {types[feature.name]}."
            raise problem_at("invalid_value", detail, pointer=_PLACE)


def _score(contestant: Contestant, reader: ColumnReader, wanted: Table, kept: Any) -> Mapping[str, Any]:
    version, target = contestant.version, contestant.version.target_encoding
    names = [feature.name for feature in version.features]
    try:
        Y = target.transform(wanted)
        pieces = [
            version.network.predict(version.encoding.transform(block, max_notices=0)[0])
            for block in reader.blocks(names)
        ]
    except EncodingError as error:
        detail = f"Version {contestant.number} cannot be scored: {error.detail}."
        raise problem_at("invalid_value", detail, pointer=_PLACE) from None
    outputs = np.concatenate(pieces)[kept]
    if not np.isfinite(outputs).all():
        raise Problem("number_out_of_range", f"Version {contestant.number} has outputs that are not finite numbers.")
    return METRICS_OF[target.task](outputs.astype(np.float64), Y.astype(np.float64), target)
