"""How one feature column becomes inputs of the network.

A number: one input, standardised, and one more that says "was missing" where the training rows had missing ones.
A category: one input for each level that the training rows had, missing being a level like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from core.arrays import Float64Array, IndexArray
from core.errors import EncodingError
from core.table import CategoryColumn, Column, NumberColumn

MAX_NUMBER = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class EncodingNotice:
    """Something that whoever reads a prediction or a training should know.

    `row` is the 0-based row of the table that was encoded; None when the notice is about the whole column.
    """

    row: int | None
    feature: str
    code: str
    detail: str


@dataclass(frozen=True)
class FeatureEncoding:
    """One feature's encoding, as the training rows decided it.

    Attributes
    ----------
    name : str
    kind : "number" or "category"
    constant : bool
        The training rows had one value only: every value encodes as 0.
    mean, scale : float
        A number's mean and standard deviation in the training rows.
    indicator : bool
        Whether a second input says that a number was missing.
    categories : tuple of str or None
        A category's levels, in order; None for a number.
    missing_level : bool
        Whether a missing category has a level, the last.
    shares : tuple of float or None
        The share of the training rows that had each level, or, of a number with an indicator, that lacked it; None
        where an older code fitted it.
    """

    name: str
    kind: Literal["number", "category"]
    constant: bool
    mean: float = 0.0
    scale: float = 1.0
    indicator: bool = False
    categories: tuple[str, ...] | None = None
    missing_level: bool = False
    shares: tuple[float, ...] | None = None

    @property
    def input_means(self) -> tuple[float, ...]:
        """What the training mean encodes as: 0 for a number, its share for a level; zeros where shares are unknown."""
        if self.constant or self.shares is None:
            return (0.0,) * self.width
        return self.shares if self.kind == "category" else (0.0, *self.shares)

    @property
    def width(self) -> int:
        """How many inputs the feature has."""
        if self.categories is None:
            return 1 + self.indicator
        return max(1, len(self.categories) + self.missing_level)

    def to_dict(self) -> dict[str, Any]:
        """A dict that JSON can hold."""
        shared = {"name": self.name, "kind": self.kind, "constant": self.constant}
        if self.shares is not None:
            shared["shares"] = list(self.shares)
        if self.categories is None:
            return {**shared, "mean": self.mean, "scale": self.scale, "indicator": self.indicator}
        return {**shared, "categories": list(self.categories), "missing_level": self.missing_level}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "FeatureEncoding":
        """The feature that `to_dict` wrote."""
        values = dict(data)
        if values.get("categories") is not None:
            values["categories"] = tuple(values["categories"])
        if values.get("shares") is not None:
            values["shares"] = tuple(values["shares"])
        return cls(**values)


def fit_feature(name: str, column: Column) -> FeatureEncoding:
    """Decide a feature's encoding from the column of the training rows.

    Raises
    ------
    EncodingError
        For a number outside float32.
    """
    if isinstance(column, NumberColumn):
        check_magnitude(name, column.values)
        observed = column.values[~column.missing]
        mean, scale = mean_and_scale(observed)
        some_missing = 0 < len(observed) < len(column)
        shares = (1 - len(observed) / len(column),) if some_missing else ()
        return FeatureEncoding(name, "number", scale == 0, mean, scale or 1.0, indicator=some_missing, shares=shares)
    present, counts = np.unique(column.codes, return_counts=True)
    levels = tuple(column.categories[code] for code in present if code >= 0)
    missing_level = bool(column.missing.any())
    constant = len(levels) + missing_level < 2
    ordered = np.roll(counts, -1) if missing_level else counts  # missing has the code −1, and the last level
    shares = tuple((ordered / max(1, len(column))).tolist())
    return FeatureEncoding(name, "category", constant, categories=levels, missing_level=missing_level, shares=shares)


def mean_and_scale(values: Float64Array) -> tuple[float, float]:
    """Mean and standard deviation; (value, 0.0) exactly when all values are one, (0.0, 0.0) when there is none.

    The squares are taken of deviations relative to the largest, so that neither huge nor tiny numbers leave float64.
    """
    if len(values) == 0:
        return 0.0, 0.0
    if values.min() == values.max():  # not std == 0: the mean of three times 0.1 is not 0.1
        return float(values[0]), 0.0
    mean = float(values.mean())
    deviations = values - mean
    largest = float(np.abs(deviations).max())
    return mean, largest * float(np.sqrt(np.mean((deviations / largest) ** 2)))


def check_magnitude(name: str, values: Float64Array) -> None:
    """Refuse infinities, and numbers that float32 cannot hold; NaN passes, it is a missing one."""
    outside = np.abs(values) > MAX_NUMBER
    if outside.any():
        row = int(np.argmax(outside))
        raise EncodingError(f"column {name!r} has a number outside float32 in row {row}", name, row)


def level_of_code(feature: FeatureEncoding, column: CategoryColumn) -> IndexArray:
    """For each category of the column, and at the end for a missing one, its level; −1 without a level."""
    levels = {category: level for level, category in enumerate(feature.categories or ())}
    found = [levels.get(category, -1) for category in column.categories]
    return np.array([*found, len(levels) if feature.missing_level else -1], dtype=np.int64)


def write_indicator(
    X: npt.NDArray[np.float32], feature: FeatureEncoding, start: int, column: NumberColumn, room: int
) -> list[EncodingNotice]:
    """Write the indicator input where there is one; say which numbers are the first ever missing where not."""
    missing = column.missing
    if feature.indicator:
        X[:, start + 1] = missing
        return []
    detail = f"{feature.name!r} is missing, which the training rows never were: their mean is used"
    rows = np.flatnonzero(missing)[:room]
    return [EncodingNotice(int(row), feature.name, "missing_value_imputed", detail) for row in rows]


def write_levels(
    X: npt.NDArray[np.float32], feature: FeatureEncoding, start: int, column: CategoryColumn, room: int
) -> list[EncodingNotice]:
    """Write a one in the column of each row's level; say which rows have none."""
    levels = level_of_code(feature, column)[column.codes]  # a code of −1 takes the last entry, the missing one's
    known = np.flatnonzero(levels >= 0)
    if not feature.constant:
        X[known, start + levels[known]] = 1.0
    notices = []
    for row in np.flatnonzero(levels < 0)[:room]:
        code = int(column.codes[row])
        if code < 0:
            detail = f"{feature.name!r} is missing, which the training rows never were: it counts as no category"
            notices.append(EncodingNotice(int(row), feature.name, "missing_category", detail))
        else:
            shown = column.categories[code][:60]
            detail = f"{feature.name!r} has the category {shown!r}, which the training rows never had"
            notices.append(EncodingNotice(int(row), feature.name, "unseen_category", detail))
    return notices
