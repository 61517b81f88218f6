"""Our own safetensors file, read back: the weights, and what its metadata says of them."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import safetensors.numpy
from safetensors import SafetensorError

from service.json_body import read_json
from service.portable.imported import About, Tensors, parsed
from service.portable.weights_file import METADATA_KEY
from service.problems import Problem

_LENGTH_BYTES = 8


def read_weights_file(data: bytes, *, max_depth: int, max_digits: int) -> tuple[About, Tensors]:
    """The parts of a file that `weights_file` wrote.

    Raises
    ------
    Problem
        422 where it is no such file, or its weights are not those of its `sha256`.
    """
    try:
        tensors: dict[str, Any] = safetensors.numpy.load(data)
        length = int.from_bytes(data[:_LENGTH_BYTES], "little")  # of a header of JSON, which load has read as well
        header = json.loads(data[_LENGTH_BYTES : _LENGTH_BYTES + length])
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise Problem("invalid_value", f"The body is not a safetensors file: {str(error)[:200]}.") from None
    text = (header.get("__metadata__") or {}).get(METADATA_KEY)
    if not isinstance(text, str):
        detail = f"The file's metadata have no {METADATA_KEY!r}; docs/models-that-travel.md says what it holds."
        raise Problem("invalid_value", detail)
    value = read_json(text.encode("utf-8", "surrogatepass"), max_depth=max_depth, max_digits=max_digits)
    about = parsed(value, About)
    expected = value.get("sha256")
    if expected is not None and expected != hashlib.sha256(safetensors.numpy.save(tensors)).hexdigest():
        raise Problem("invalid_value", "The weights are not those whose `sha256` the metadata have.")
    return about, tensors
