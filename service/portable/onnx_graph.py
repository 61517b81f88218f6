"""A graph of ONNX nodes under construction: names that clash with no column's, constants, and operators by call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt


class Graph:
    """Nodes and constants, in the order in which they were asked for.

    Parameters
    ----------
    taken : iterable of str
        Names of inputs and outputs.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        names = tuple(taken)
        self._prefix = "mlp:"
        while any(name.startswith(self._prefix) for name in names):
            self._prefix += ":"

    def constant(self, values: npt.ArrayLike, dtype: npt.DTypeLike) -> str:
        """The name of a constant tensor."""
        from onnx import numpy_helper

        name = f"{self._prefix}c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(values, dtype=dtype), name))
        return name

    def apply(self, operator: str, *inputs: str, output: str | None = None, domain: str = "", **attributes: Any) -> str:
        """The name of what an operator gives; `output` where it has one already."""
        from onnx import helper

        name = output or f"{self._prefix}{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], domain=domain, **attributes))
        return name
