"""The columns of a table as arrays.

A number column holds numbers, integers and booleans (0 and 1); a category column holds codes into its category names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from core.arrays import BoolArray, Float64Array, IndexArray


@dataclass(frozen=True, eq=False)
class NumberColumn:
    """Numbers, `values` of shape (n,) in float64; NaN is a missing one."""

    values: Float64Array

    def __len__(self) -> int:
        return len(self.values)

    @property
    def missing(self) -> BoolArray:
        """Where the value is missing, shape (n,)."""
        return np.isnan(self.values)

    def take(self, rows: IndexArray) -> "NumberColumn":
        """The column of these rows."""
        return NumberColumn(self.values[rows])


@dataclass(frozen=True, eq=False)
class CategoryColumn:
    """Categories, `codes` of shape (n,) in int32 that index `categories`; −1 is a missing one."""

    codes: npt.NDArray[np.int32]
    categories: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def missing(self) -> BoolArray:
        """Where the category is missing, shape (n,)."""
        return self.codes < 0

    def take(self, rows: IndexArray) -> "CategoryColumn":
        """The column of these rows, with the same categories."""
        return CategoryColumn(self.codes[rows], self.categories)


Column: TypeAlias = NumberColumn | CategoryColumn
Table: TypeAlias = Mapping[str, Column]
