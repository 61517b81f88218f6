"""A network's outputs as columns of what it predicts: one label a row, or a value or a yes or no for each target."""

import numpy as np

from core.arrays import FloatArray
from core.outcomes import LIKELY
from core.table import CategoryColumn, NumberColumn, Table
from core.targets import TargetEncoding, class_key

NO_YES = ("no", "yes")


def predicted_columns(targets: TargetEncoding, outputs: FloatArray) -> Table:
    """The columns of predictions by name: the target's or targets', of a multilabel task each label's.

    Parameters
    ----------
    outputs : ndarray of shape (n, n_outputs)
        As `MLP.predict` gives them.
    """
    if targets.task == "regression":
        values = targets.inverse(outputs)
        return {name: NumberColumn(values[:, place]) for place, name in enumerate(targets.names)}
    keys = tuple(class_key(value) for value in targets.classes)
    if targets.task == "multilabel":
        likely = (outputs >= LIKELY).astype(np.int32)
        return {key: CategoryColumn(likely[:, place], NO_YES) for place, key in enumerate(keys)}
    return {label_name(targets): CategoryColumn(outputs.argmax(axis=1).astype(np.int32), keys)}


def label_name(targets: TargetEncoding) -> str:
    """What the column of predicted labels is called: the target, or all targets of a distribution."""
    return ", ".join(targets.names)
