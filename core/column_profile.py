"""A column's values counted in bins that were decided once: what later values are compared with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.arrays import Float64Array, IndexArray
from core.errors import EncodingError
from core.table import CategoryColumn, Column, NumberColumn

BINS = 10
MOST_LEVELS = 50


@dataclass(frozen=True)
class ColumnProfile:
    """How one column's values are spread.

    Attributes
    ----------
    name : str
    edges : tuple of float or None
        Of numbers: the upper ends of all bins but the last, each within its bin, ascending. The first bin ends just
        below the smallest value that was seen, the last begins just above the largest: both are empty at first.
    levels : tuple of str or None
        Of categories: the commonest, at most `MOST_LEVELS`.
    counts : tuple of int
        By bin or level; then, of categories, of all others; last of missing values.
    """

    name: str
    edges: tuple[float, ...] | None
    levels: tuple[str, ...] | None
    counts: tuple[int, ...]

    @classmethod
    def of(cls, name: str, column: Column) -> "ColumnProfile":
        """The profile of these values: numbers in at most `BINS` bins of about equally many, categories by level."""
        if isinstance(column, NumberColumn):
            empty = cls(name, _edges(column.values[~column.missing]), None, ())
        else:
            empty = cls(name, None, _levels(column), ())
        return cls(name, empty.edges, empty.levels, tuple(empty.count(column).tolist()))

    def count(self, column: Column) -> IndexArray:
        """How many of these values are in each bin; the order is that of `counts`.

        Raises
        ------
        EncodingError
            When they are numbers where the profile's are categories, or the other way round.
        """
        missing = column.missing
        if isinstance(column, NumberColumn) and self.edges is not None:
            places = np.searchsorted(np.array(self.edges), column.values[~missing], side="left")
            bins = len(self.edges) + 1
        elif isinstance(column, CategoryColumn) and self.levels is not None:
            known = {level: place for place, level in enumerate(self.levels)}
            place_of = np.array([known.get(each, len(known)) for each in column.categories], dtype=np.int64)
            places = place_of[column.codes[~missing]]
            bins = len(self.levels) + 1
        else:
            raise EncodingError(f"column {self.name!r} has values of another type than its profile", self.name)
        return np.append(np.bincount(places, minlength=bins), int(missing.sum())).astype(np.int64)

    @property
    def bins(self) -> tuple[str, ...]:
        """What the bins are called, in the order of `counts`."""
        if self.levels is not None:
            return (*self.levels, "(other)", "(missing)")
        if not self.edges:
            return ("(any)", "(missing)")
        inner = [f"({low:.6g}, {high:.6g}]" for low, high in zip(self.edges, self.edges[1:], strict=False)]
        return (f"≤ {self.edges[0]:.6g}", *inner, f"> {self.edges[-1]:.6g}", "(missing)")

    def to_dict(self) -> dict[str, Any]:
        """A dict that JSON can hold, every float exactly."""
        levels = None if self.levels is None else list(self.levels)
        edges = None if self.edges is None else list(self.edges)
        return {"name": self.name, "edges": edges, "levels": levels, "counts": list(self.counts)}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "ColumnProfile":
        """The profile that `to_dict` wrote."""
        edges = None if data["edges"] is None else tuple(data["edges"])
        levels = None if data["levels"] is None else tuple(data["levels"])
        return cls(data["name"], edges, levels, tuple(data["counts"]))


def _edges(values: Float64Array) -> tuple[float, ...]:
    if len(values) == 0:
        return ()
    shares = np.arange(1, BINS) / BINS
    quantiles = np.quantile(
        values, shares, method="inverted_cdf"
    )  # values that occur: few different ones have bins of their own
    below = np.nextafter(values.min(), -np.inf)
    return tuple(np.unique([below, *quantiles, values.max()]).tolist())


def _levels(column: CategoryColumn) -> tuple[str, ...]:
    counts = np.bincount(column.codes[~column.missing], minlength=len(column.categories))
    order = sorted(np.flatnonzero(counts).tolist(), key=lambda code: (-counts[code], column.categories[code]))
    return tuple(column.categories[code] for code in order[:MOST_LEVELS])
