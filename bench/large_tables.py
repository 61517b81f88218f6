"""Generated tables that are never whole in memory: something to be learnt, with rows mixed or sorted by class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from core.arrays import FloatArray, IndexArray
from store.parquet import ROW_GROUP_BYTES

CLASSES = 10
CLUSTERS = 4  # of each class: no linear model finds them all
TARGET = "kind"
_DISTANCE = 4.0  # of a cluster from the origin, in standard deviations of its rows: a few percent cannot be told apart
_HELD_OUT = 1 << 40  # a number that no table's row has


@dataclass(frozen=True)
class LargeTable:
    """A table of normal clusters.

    Attributes
    ----------
    rows, columns : int
        The columns without the target.
    pixels : bool
        Whole numbers from 0 to 255, as an image has, stored as int64; else float32.
    sorted_by_class : bool
        The worst case of an order that mixes neighbours only.
    """

    rows: int
    columns: int
    pixels: bool = False
    sorted_by_class: bool = False
    seed: int = 0

    @property
    def matrix_bytes(self) -> int:
        """Of all rows as inputs, one a column."""
        return 4 * self.rows * self.columns

    @property
    def names(self) -> list[str]:
        """Of the feature columns."""
        return [f"x{number}" for number in range(self.columns)]

    def blocks(self, size: int) -> Iterator[tuple[FloatArray, IndexArray]]:
        """So many rows at a time, in order: float32 inputs of shape (n, columns), and classes."""
        for start in range(0, self.rows, size):
            random = np.random.default_rng([self.seed, start])
            count = min(size, self.rows - start)
            if self.sorted_by_class:
                classes = (np.arange(start, start + count) * CLASSES // self.rows).astype(np.int64)
            else:
                classes = random.integers(CLASSES, size=count)
            yield self._inputs(random, classes), classes

    def held_out(self, rows: int) -> tuple[FloatArray, IndexArray]:
        """Other rows of the same clusters, mixed."""
        random = np.random.default_rng([self.seed, _HELD_OUT])
        classes = random.integers(CLASSES, size=rows)
        return self._inputs(random, classes), classes

    @cached_property
    def _centres(self) -> FloatArray:
        random = np.random.default_rng([self.seed])
        centres = random.standard_normal((CLASSES * CLUSTERS, self.columns), dtype=np.float32)
        centres *= np.float32(_DISTANCE / np.sqrt(self.columns))
        return centres

    def _inputs(self, random: np.random.Generator, classes: IndexArray) -> FloatArray:
        X = random.standard_normal((len(classes), self.columns), dtype=np.float32)
        X += self._centres[classes * CLUSTERS + random.integers(CLUSTERS, size=len(classes))]
        if self.pixels:
            np.clip(np.rint(40 * X + 128, out=X), 0, 255, out=X)
        return X

    def write(self, path: Path) -> None:
        """Write the file as the store would, row group by row group."""
        number = pa.int64() if self.pixels else pa.float32()
        schema = pa.schema([*((name, number) for name in self.names), (TARGET, pa.string())])
        group = max(1, ROW_GROUP_BYTES // ((8 if self.pixels else 4) * self.columns))
        with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=[TARGET]) as writer:
            for X, classes in self.blocks(group):
                columns = np.ascontiguousarray(X.T.astype(np.int64 if self.pixels else np.float32, copy=False))
                kinds = pa.array([f"class {number}" for number in classes], pa.string())
                writer.write_table(pa.Table.from_arrays([*map(pa.array, columns), kinds], schema=schema))

    def column_objects(self) -> list[dict[str, Any]]:
        """What the dataset's row says of its columns, as far as a training asks."""
        of_features = {"type": "integer" if self.pixels else "number", "role": "feature"}
        features = [{"name": name, "query_name": name} | of_features for name in self.names]
        return [*features, {"name": TARGET, "query_name": TARGET, "type": "category", "role": "target"}]
