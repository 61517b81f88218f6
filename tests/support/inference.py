"""Bodies of the Open Inference Protocol V2."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt


def tensor(name: str, datatype: str, shape: list[int], data: Any) -> dict[str, Any]:
    """A tensor in JSON."""
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def binary(*tensors: tuple[str, str, list[int], bytes], **fields: Any) -> tuple[bytes, dict[str, str]]:
    """The body of a request with binary tensors, and its headers."""
    described = [
        {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": len(data)}}
        for name, datatype, shape, data in tensors
    ]
    text = json.dumps({"inputs": described, **fields}).encode()
    body = b"".join([text, *(data for *_, data in tensors)])
    return body, {"Inference-Header-Content-Length": str(len(text))}


def texts(*values: str) -> bytes:
    """Binary data of BYTES."""
    return b"".join(len(value.encode()).to_bytes(4, "little") + value.encode() for value in values)


def outputs_of(answer: Any) -> dict[str, Any]:
    """Each output's data, by name: lists from JSON, arrays and texts from binary data."""
    length = answer.headers.get("Inference-Header-Content-Length")
    if length is None:
        return {output["name"]: output["data"] for output in answer.json["outputs"]}
    found: dict[str, Any] = {}
    start = int(length)
    for output in json.loads(answer.data[:start])["outputs"]:
        if (size := (output.get("parameters") or {}).get("binary_data_size")) is None:
            found[output["name"]] = output["data"]
            continue
        found[output["name"]] = _read(output["datatype"], answer.data[start : start + size], output["shape"])
        start += size
    assert start == len(answer.data)
    return found


def _read(datatype: str, data: bytes, shape: list[int]) -> npt.NDArray[Any] | list[str]:
    if datatype != "BYTES":
        types = {"FP64": "<f8", "INT64": "<i8", "BOOL": "?"}
        return np.frombuffer(data, types[datatype]).reshape(shape)
    found, start = [], 0
    while start < len(data):
        end = start + 4 + int.from_bytes(data[start : start + 4], "little")
        found.append(data[start + 4 : end].decode())
        start = end
    return found
