"""A network's outputs as tensors of the protocol, to the bits of POST /predict's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from core.outcomes import LIKELY, label_type, shares_of
from core.targets import TargetEncoding, class_key
from service.inference.tensors import Array, binary_of
from service.loaded_version import LoadedVersion


@dataclass(frozen=True)
class OutputForm:
    """What an output is called and made of; −1 in `shape` stands for the rows."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    classes: tuple[str, ...] = ()

    def described(self) -> dict[str, Any]:
        """The output in the model's metadata."""
        form: dict[str, Any] = {"name": self.name, "datatype": self.datatype, "shape": list(self.shape)}
        if self.classes:  # parameters are text, numbers and booleans only
            form["parameters"] = {"classes": msgspec.json.encode(self.classes).decode()}
        return form


def output_forms(version: LoadedVersion) -> list[OutputForm]:
    """The outputs of a version, in the order in which all of them are answered."""
    target = version.target_encoding
    if target.task == "regression":
        if version.several_targets:
            return [OutputForm(name, "FP64", (-1,)) for name in target.names]
        return [OutputForm("value", "FP64", (-1,))]
    keys = tuple(class_key(value) for value in target.classes)
    probabilities = OutputForm("probabilities", "FP64", (-1, len(keys)), keys)
    if target.task == "multilabel":
        return [OutputForm("labels", "BOOL", (-1, len(keys)), keys), probabilities]
    return [OutputForm("label", label_datatype(target), (-1,)), probabilities]


def label_datatype(target: TargetEncoding) -> str:
    """The datatype of a classification's labels: that of its classes, BYTES where they are not all of one type."""
    return {"boolean": "BOOL", "integer": "INT64", "number": "FP64", "category": "BYTES"}[label_type(target)]


def output_values(version: LoadedVersion, outputs: npt.NDArray[np.floating]) -> dict[str, Array | Sequence[str]]:
    """Each output's values, by name, from what `MLP.predict` gave."""
    target = version.target_encoding
    if target.task == "regression":
        values = target.inverse(outputs)
        names = target.names if version.several_targets else ("value",)
        return {name: values[:, place] for place, name in enumerate(names)}
    shares = shares_of(target, outputs)
    if target.task == "multilabel":
        return {"labels": shares >= LIKELY, "probabilities": shares}
    chosen = shares.argmax(axis=1)
    labels: Array | list[str]
    if label_datatype(target) == "BYTES":
        labels = [class_key(target.classes[place]) for place in chosen.tolist()]
    else:
        labels = np.array(target.classes)[chosen]
    return {"label": labels, "probabilities": shares}


def written(
    document: dict[str, Any],
    chosen: Sequence[tuple[OutputForm, bool]],
    values: dict[str, Array | Sequence[str]],
    rows: int,
) -> tuple[bytes, int | None]:
    """The answer's body, and the length of its JSON where binary data follows it.

    Parameters
    ----------
    document : dict
        The answer's other fields.
    chosen : sequence of (OutputForm, bool)
        Which outputs, and whether binary.
    """
    described: list[dict[str, Any]] = []
    pieces: list[bytes] = []
    for form, binary in chosen:
        found = values[form.name]
        output: dict[str, Any] = {"name": form.name, "datatype": form.datatype, "shape": [rows, *form.shape[1:]]}
        if binary:
            pieces.append(binary_of(form.datatype, found))
            output["parameters"] = {"binary_data_size": len(pieces[-1])}
        else:
            output["data"] = found.ravel().tolist() if isinstance(found, np.ndarray) else found
        described.append(output)
    text = msgspec.json.encode({**document, "outputs": described})
    if not any(binary for _, binary in chosen):
        return text, None
    return b"".join((text, *pieces)), len(text)
