"""A network's outputs as the JSON of predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core.outcomes import LIKELY, shares_of
from core.targets import class_key
from service.loaded_version import LoadedVersion


def predictions(version: LoadedVersion, outputs: npt.NDArray[np.floating], top_k: int | None) -> list[dict[str, Any]]:
    """One prediction for each row of outputs.

    Parameters
    ----------
    outputs : ndarray of shape (n, n_outputs)
        What `MLP.predict` gave: probabilities, or standardised values.
    top_k : int or None
        Most probabilities of each, the likeliest first; None: all, in the classes' order.
    """
    target = version.target_encoding
    if target.task == "regression":
        values = target.inverse(outputs).tolist()
        if version.several_targets:
            return [{"values": dict(zip(target.names, row, strict=True))} for row in values]
        return [{"value": row[0]} for row in values]
    keys = [class_key(value) for value in target.classes]
    shares = shares_of(target, outputs)
    if target.task == "multilabel":
        chosen = [[key for key, share in zip(keys, row, strict=True) if share >= LIKELY] for row in shares.tolist()]
        answers: list[dict[str, Any]] = [{"labels": labels} for labels in chosen]
    else:
        answers = [{"label": target.classes[index]} for index in shares.argmax(axis=1).tolist()]
    for answer, row in zip(answers, shares.tolist(), strict=True):
        answer["probabilities"] = _bounded(keys, row, top_k)
    return answers


def _bounded(keys: list[str], row: list[float], top_k: int | None) -> dict[str, float]:
    if top_k is None or top_k >= len(keys):
        return dict(zip(keys, row, strict=True))
    order = sorted(range(len(keys)), key=lambda index: -row[index])[:top_k]
    return {keys[index]: row[index] for index in order}
