"""A loaded version's shortest way from the texts of one row to the network's outputs.

It takes what is plain, and says None to anything else: a missing or unseen value, a number of another form, one
outside float32. Those go the general way (`service.predict_input`, `core.encoding`), which has the words for them.
What it takes it answers to the bits of the general way; a test compares the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.features import MAX_NUMBER
from core.inference import Inference
from core.targets import class_key

if TYPE_CHECKING:
    from service.loaded_version import LoadedVersion

_decimal = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?").fullmatch
_BOOLEANS = {"true": 1.0, "false": 0.0}

Matrix = npt.NDArray[np.float32]


class PlainVersion:
    """The plain way of one version.

    Parameters
    ----------
    version : LoadedVersion
    """

    def __init__(self, version: LoadedVersion) -> None:
        self._encoding = version.encoding
        self.names = tuple(feature.name for feature in version.features)
        self.infer: Callable[[Matrix], npt.NDArray[np.floating]] = Inference(version.network)
        self.only_numbers = all(feature.type in ("number", "integer") for feature in version.features)
        self.class_keys = tuple(class_key(value) for value in version.target_encoding.classes)
        self._booleans = frozenset(i for i, each in enumerate(version.features) if each.type == "boolean")
        self._levels = {
            i: {category: level for level, category in enumerate(feature.categories)}
            for i, feature in enumerate(version.encoding.features)
            if feature.categories is not None
        }

    def encode_texts(self, texts: Sequence[str]) -> Matrix | None:
        """One row, a text for each feature in order, as the network's input of shape (1, n_inputs)."""
        if self._levels or self._booleans:
            return self._encode_mixed(texts)
        numbers = []
        for text in texts:
            if _decimal(text) is None:
                return None
            number = float(text)
            if not -MAX_NUMBER <= number <= MAX_NUMBER:
                return None
            numbers.append(number)
        return self._encoding.transform_matrix(np.array((numbers,)))

    def encode_rows(self, rows: Sequence[Sequence[float]]) -> Matrix | None:
        """Rows of numbers, none of them missing; only where all features are numbers."""
        try:
            values = np.array(rows, dtype=np.float64)
        except ValueError:  # rows of different lengths
            return None
        if values.ndim != 2 or values.shape[1] != len(self.names) or not np.abs(values).max() <= MAX_NUMBER:
            return None
        return self._encoding.transform_matrix(values)

    def _encode_mixed(self, texts: Sequence[str]) -> Matrix | None:
        numbers, ones = [], []
        for i, text in enumerate(texts):
            if i in self._levels:
                level = self._levels[i].get(text)
                if level is None:
                    return None
                numbers.append(0.0)
                if not self._encoding.features[i].constant:
                    ones.append(self._encoding.starts[i] + level)
            elif i in self._booleans:
                truth = _BOOLEANS.get(text)
                if truth is None:
                    return None
                numbers.append(truth)
            else:
                if _decimal(text) is None or not -MAX_NUMBER <= float(text) <= MAX_NUMBER:
                    return None
                numbers.append(float(text))
        X = self._encoding.transform_matrix(np.array((numbers,)))
        X[0, ones] = 1.0
        return X
