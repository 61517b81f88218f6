"""Tensors of the protocol as arrays and back, from JSON and from binary data; numbers without Python for each."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from service.inference.request import ABSENT, InputTensor, malformed
from service.problems import shown

Array = npt.NDArray[Any]
Texts = list[str | None]

# Little-endian, as the protocol's binary data is on every machine.
DTYPES: Mapping[str, np.dtype[Any]] = {
    "BOOL": np.dtype("?"),
    **{f"INT{8 * size}": np.dtype(f"<i{size}") for size in (1, 2, 4, 8)},
    **{f"UINT{8 * size}": np.dtype(f"<u{size}") for size in (1, 2, 4, 8)},
    **{f"FP{8 * size}": np.dtype(f"<f{size}") for size in (2, 4, 8)},
}
_FORMS: Mapping[str, tuple[Any, Any]] = {  # of JSON, flat and nested; by NumPy's kind of the datatype, S for BYTES
    "f": (list[float | None], list[list[float | None]]),
    "i": (list[int], list[list[int]]),
    "u": (list[int], list[list[int]]),
    "b": (list[bool], list[list[bool]]),
    "S": (list[str | None], list[list[str | None]]),
}
_decoders = {
    (kind, depth): msgspec.json.Decoder(form) for kind, forms in _FORMS.items() for depth, form in enumerate(forms, 1)
}
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class Tensor:
    """A tensor of rank one or two.

    Parameters
    ----------
    values : ndarray of its shape, or list of str
        Of a floating type NaN, of texts None, is a missing one.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: Array | Texts


def read_tensor(tensor: InputTensor, binary: memoryview | None, *, max_rows: int) -> Tensor:
    """The tensor's values.

    Raises
    ------
    Problem
        400, naming the tensor.
    """
    where = f"The input {shown(tensor.name)}"
    if tensor.datatype != "BYTES" and tensor.datatype not in DTYPES:
        raise malformed(f"{where} has the datatype {shown(tensor.datatype)}; known are BYTES, {', '.join(DTYPES)}.")
    shape = tuple(tensor.shape)
    if len(shape) not in (1, 2) or min(shape) < 1:
        raise malformed(
            f"{where} has the shape {shown(tensor.shape)}; it should be [rows] or [rows, columns], from 1 on."
        )
    if shape[0] > max_rows:
        raise malformed(f"{where} has {shape[0]:,} rows; one request takes {max_rows:,}.")
    count = math.prod(shape)
    if binary is None:
        values = _of_json(tensor, where, shape, count)
    elif tensor.datatype == "BYTES":
        values = _texts_of_binary(binary, where, count)
    else:
        values = _numbers_of_binary(tensor.datatype, binary, where, count)
    if isinstance(values, list):
        return Tensor(tensor.name, tensor.datatype, shape, values)
    return Tensor(tensor.name, tensor.datatype, shape, values.reshape(shape))


def _of_json(tensor: InputTensor, where: str, shape: tuple[int, ...], count: int) -> Array | Texts:
    text = bytes(tensor.data)
    if text in ABSENT:
        raise malformed(f"{where} has neither `data` nor binary_data_size.")
    kind = "S" if tensor.datatype == "BYTES" else DTYPES[tensor.datatype].kind
    nested = text[1:].lstrip()[:1] == b"["
    try:
        values: list[Any] = _decoders[kind, 2 if nested else 1].decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(f"{where} of {tensor.datatype} cannot be read: {str(error)[:200]}.") from None
    if nested:
        if len(shape) != 2 or len(values) != shape[0] or any(len(row) != shape[1] for row in values):
            raise malformed(f"{where} has nested `data` of another shape than {list(shape)}.")
        values = list(chain.from_iterable(values))
    if len(values) != count:
        raise malformed(f"{where} has {len(values):,} values; its shape {list(shape)} takes {count:,}.")
    if kind == "S":
        return values
    dtype = DTYPES[tensor.datatype]
    try:
        # Through float64: what is null becomes NaN, and a number is rounded as its datatype says.
        with np.errstate(over="ignore"):
            return np.array(values, dtype=np.float64).astype(dtype) if kind == "f" else np.array(values, dtype=dtype)
    except OverflowError:
        raise malformed(f"{where} has a number that {tensor.datatype} does not hold.") from None


def _numbers_of_binary(datatype: str, binary: memoryview, where: str, count: int) -> Array:
    dtype = DTYPES[datatype]
    if len(binary) != count * dtype.itemsize:
        detail = f"{where} has {len(binary):,} bytes; {count:,} values of {datatype} take {count * dtype.itemsize:,}."
        raise malformed(detail)
    if datatype == "BOOL":
        bits = np.frombuffer(binary, dtype=np.uint8)
        if (bits > 1).any():
            raise malformed(f"{where} has a byte other than 0 and 1.")
        return bits.view(np.bool_)
    return np.frombuffer(binary, dtype=dtype)


def _texts_of_binary(binary: memoryview, where: str, count: int) -> Texts:
    if len(binary) < count * _LENGTH.size:  # before anything of that count is made
        raise malformed(f"{where} has {len(binary):,} bytes, too few for {count:,} texts.")
    values: Texts = []
    start = 0
    for _ in range(count):
        if start + _LENGTH.size > len(binary):
            raise malformed(f"{where} ends before its {count:,} texts do.")
        (length,) = _LENGTH.unpack_from(binary, start)
        start += _LENGTH.size
        if start + length > len(binary):
            raise malformed(f"{where} ends within a text.")
        try:
            values.append(str(binary[start : start + length], "utf-8"))
        except UnicodeDecodeError:
            raise malformed(f"{where} has a text that is not UTF-8.") from None
        start += length
    if start != len(binary):
        raise malformed(f"{where} has {len(binary) - start:,} bytes beyond its {count:,} texts.")
    return values


def binary_of(datatype: str, values: Array | Sequence[str]) -> bytes:
    """The values as the protocol's binary data."""
    if datatype == "BYTES":
        encoded = [text.encode() for text in values]
        return b"".join(_LENGTH.pack(len(text)) + text for text in encoded)
    return np.ascontiguousarray(values, dtype=DTYPES[datatype]).tobytes()
