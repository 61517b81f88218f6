"""What each feature adds to a prediction, as the JSON of explanations (decision 094)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core.integrated_gradients import Attribution, in_double, integrated_gradients
from service.loaded_version import LoadedVersion
from service.problems import Problem


def explanations(
    version: LoadedVersion, X: npt.NDArray[np.float32], outputs: npt.NDArray[np.floating]
) -> list[dict[str, Any]]:
    """One explanation for each row.

    Parameters
    ----------
    X : ndarray of shape (n, n_inputs)
        Encoded rows.
    outputs : ndarray of shape (n, n_outputs)
        What the network gave for them.

    Raises
    ------
    Problem
        422: ``not_available`` for several regression targets, ``number_out_of_range`` where a number is not finite.
    """
    target, features = version.target_encoding, version.encoding.features
    if target.task == "regression" and len(target.names) > 1:
        raise Problem("not_available", "A model of several regression targets has no single output to explain.")
    baseline = np.array([mean for feature in features for mean in feature.input_means])
    known = all(feature.shares is not None for feature in features)
    network = in_double(version.network)
    found = []
    for x, index in zip(X, outputs.argmax(axis=1).tolist(), strict=True):
        with np.errstate(over="ignore", invalid="ignore"):  # what comes out is checked below
            attribution = integrated_gradients(network, x, baseline, index)
        if not np.isfinite([attribution.baseline, attribution.output, attribution.inputs.sum()]).all():
            raise Problem("number_out_of_range", "An explanation of these features is not a finite number.")
        found.append(_explanation(version, attribution, index, known=known))
    return found


def _explanation(version: LoadedVersion, attribution: Attribution, index: int, *, known: bool) -> dict[str, Any]:
    target, encoding = version.target_encoding, version.encoding
    scale, mean, of = 1.0, 0.0, target.names[0]
    if target.task == "regression":
        scale, mean = target.scale[0], target.mean[0]
    sums = np.add.reduceat(attribution.inputs, encoding.starts) * scale  # all inputs of a feature are one contribution
    return {
        "of": target.classes[index] if target.classes else of,
        "baseline": attribution.baseline * scale + mean,
        "baseline_from": "training_mean" if known else "zeros",
        "output": attribution.output * scale + mean,
        "contributions": dict(zip((each.name for each in encoding.features), sums.tolist(), strict=True)),
    }
