"""A table's feature columns as the input matrix of the network, by an encoding fitted on the training rows."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from core.arrays import Float64Array, IndexArray
from core.errors import EncodingError, UnreadableState
from core.features import (
    EncodingNotice,
    FeatureEncoding,
    check_magnitude,
    fit_feature,
    write_indicator,
    write_levels,
)
from core.table import Column, NumberColumn, Table

__all__ = ["Encoding", "EncodingNotice", "FeatureEncoding"]

FORMAT_VERSION = 2
READABLE_VERSIONS = (1, FORMAT_VERSION)  # 1 lacks the shares of levels and of missing numbers
BLOCK_ROWS = 4096
WITHOUT_CLIP = 1e6
"""Where inputs end even without a clip: a number far outside the training rows must not overflow float32 later."""


@dataclass(frozen=True)
class Encoding:
    """The encoding of a table's features.

    Attributes
    ----------
    features : tuple of FeatureEncoding
        In the order of the matrix's columns.
    clip : float or None
        Standardised numbers are held within ±clip.
    warnings : tuple of EncodingNotice
        What the fit noticed: code `constant_column`.
    """

    features: tuple[FeatureEncoding, ...]
    clip: float | None
    warnings: tuple[EncodingNotice, ...] = ()

    @classmethod
    def fit(cls, table: Table, feature_names: Sequence[str], *, clip: float | None) -> "Encoding":
        """Decide the encoding of these features from the training rows, and from nothing else.

        Raises
        ------
        EncodingError
            When there is no feature, the table lacks one, or it holds a number outside float32.
        """
        return cls.fit_one_by_one(((name, _column(table, name)) for name in feature_names), clip=clip)

    @classmethod
    def fit_one_by_one(cls, columns: Iterable[tuple[str, Column]], *, clip: float | None) -> "Encoding":
        """The same from columns that need not be in memory together: each is done with before the next is asked for.

        Raises
        ------
        EncodingError
            When there is no column, or one holds a number outside float32.
        """
        features = tuple(fit_feature(name, column) for name, column in columns)
        if not features:
            raise EncodingError("there is no feature to learn from")
        return cls(features, clip, tuple(_constant_notice(each) for each in features if each.constant))

    @cached_property
    def n_inputs(self) -> int:
        """Columns of the matrix."""
        return sum(feature.width for feature in self.features)

    def transform(
        self, table: Table, *, max_notices: int = 100
    ) -> tuple[npt.NDArray[np.float32], list[EncodingNotice]]:
        """The input matrix of a table.

        Parameters
        ----------
        table : Table
            It may hold more columns than the features.
        max_notices : int
            At most so many notices are collected.

        Returns
        -------
        ndarray of shape (n, n_inputs), float32, C-contiguous
            Finite.
        list of EncodingNotice, by row
            Codes `missing_value_imputed` and `missing_category` for what was first missing here, and
            `unseen_category`.

        Raises
        ------
        EncodingError
            Names the column, and the row where there is one.
        """
        columns = [_column_for(table, feature) for feature in self.features]
        rows = len(columns[0])
        for feature, column in zip(self.features, columns, strict=True):
            if len(column) != rows:
                raise EncodingError(f"column {feature.name!r} has {len(column)} rows, others {rows}", feature.name)
        X = np.zeros((rows, self.n_inputs), dtype=np.float32)
        notices: list[EncodingNotice] = []
        self._write_numbers(X, columns)
        for feature, start, column in zip(self.features, self.starts, columns, strict=True):
            room = max_notices - len(notices)
            if isinstance(column, NumberColumn):
                notices += write_indicator(X, feature, start, column, room)
            else:
                notices += write_levels(X, feature, start, column, room)
        notices.sort(key=lambda notice: notice.row or 0)
        return X, notices

    def transform_matrix(self, values: Float64Array) -> npt.NDArray[np.float32]:
        """The input matrix of rows in which no number is missing, to the bits of `transform`.

        Parameters
        ----------
        values : ndarray of shape (n, n_features), float64
            The features in their order; finite, within float32. A category's column is not looked at, and its inputs
            are left 0.

        Returns
        -------
        ndarray of shape (n, n_inputs), float32, C-contiguous
        """
        places, _, _ = self._numbers
        if len(places) == self.n_inputs and len(values) <= BLOCK_ROWS:
            return self.standardised(values.copy()).astype(np.float32)
        X = np.zeros((len(values), self.n_inputs), dtype=np.float32)
        for start in range(0, len(X), BLOCK_ROWS) if len(places) else ():
            rows = slice(start, start + BLOCK_ROWS)
            X[rows, self._number_inputs] = self.standardised(values[rows, places])
        return X

    def standardised(self, z: Float64Array) -> Float64Array:
        """Numbers of the features that vary, (n, as many), standardised in place and held within the clip."""
        _, means, scales = self._numbers
        limit = WITHOUT_CLIP if self.clip is None else self.clip
        with np.errstate(over="ignore"):  # a number far outside, over a tiny scale: the clip takes it
            z -= means
            z /= scales
            np.maximum(z, -limit, out=z)
            np.minimum(z, limit, out=z)
        return z

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The first column of each feature in the matrix."""
        widths = [feature.width for feature in self.features]
        return tuple(sum(widths[:index]) for index in range(len(widths)))

    @cached_property
    def _numbers(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Of the number features that vary: their places in `features`, means and scales."""
        places = [i for i, each in enumerate(self.features) if each.kind == "number" and not each.constant]
        means = [self.features[i].mean for i in places]
        scales = [self.features[i].scale for i in places]
        return np.array(places, dtype=np.int64), np.array(means), np.array(scales)

    @cached_property
    def _number_inputs(self) -> slice | IndexArray:
        """Where the numbers that vary stand in the matrix."""
        places, _, _ = self._numbers
        # A slice where there is no other input: to pick columns out costs as much as all else here.
        return slice(None) if len(places) == self.n_inputs else np.array(self.starts)[places]

    def _write_numbers(self, X: npt.NDArray[np.float32], columns: Sequence[Column]) -> None:
        places, _, _ = self._numbers
        values = [column.values for column in (columns[i] for i in places) if isinstance(column, NumberColumn)]
        for start in range(0, len(X), BLOCK_ROWS) if values else ():
            z = np.stack([each[start : start + BLOCK_ROWS] for each in values], axis=1)
            self.standardised(z)
            z[np.isnan(z)] = 0.0  # a missing number takes the mean
            X[start : start + BLOCK_ROWS, self._number_inputs] = z

    def to_dict(self) -> dict[str, Any]:
        """A dict that JSON can hold, every float exactly."""
        return {
            "format_version": FORMAT_VERSION,
            "clip": self.clip,
            "features": [feature.to_dict() for feature in self.features],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Encoding":
        """The encoding that `to_dict` wrote.

        Raises
        ------
        UnreadableState
            When it is of another format.
        """
        if data.get("format_version") not in READABLE_VERSIONS:
            version = json.dumps(data.get("format_version"))
            raise UnreadableState(f"the encoding has the format version {version}, this code reads {FORMAT_VERSION}")
        features = tuple(FeatureEncoding.from_dict(feature) for feature in data["features"])
        return cls(features, data["clip"], tuple(_constant_notice(each) for each in features if each.constant))


def _column(table: Table, name: str) -> Column:
    if name not in table:
        raise EncodingError(f"the table has no column {name!r}", name)
    return table[name]


def _column_for(table: Table, feature: FeatureEncoding) -> Column:
    column = _column(table, feature.name)
    is_number = isinstance(column, NumberColumn)
    if is_number != (feature.kind == "number"):
        raise EncodingError(f"column {feature.name!r} must be a {feature.kind} column", feature.name)
    if isinstance(column, NumberColumn):
        check_magnitude(feature.name, column.values)
    return column


def _constant_notice(feature: FeatureEncoding) -> EncodingNotice:
    detail = f"column {feature.name!r} has one value only in the training rows: nothing can be learnt from it"
    return EncodingNotice(None, feature.name, "constant_column", detail)
