"""An infer request's bytes as its parts: the JSON, and the binary data of each tensor behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from service.json_body import check_depth
from service.problems import Problem, shown

ABSENT = (b"", b"null")  # as `data`
_DIGITS = re.compile(r"[0-9]{1,12}")
_UNSUPPORTED = ("shared_memory_region", "shared_memory_offset", "shared_memory_byte_size", "classification")


class InputTensor(msgspec.Struct):
    """One of `inputs`; `data` is left as JSON text until the datatype is known."""

    name: str
    shape: list[int]
    datatype: str
    data: msgspec.Raw = msgspec.Raw(b"")
    parameters: dict[str, Any] | None = None


class RequestedOutput(msgspec.Struct):
    """One of `outputs`."""

    name: str
    parameters: dict[str, Any] | None = None


class _Document(msgspec.Struct):
    inputs: list[InputTensor]
    id: str | None = None
    parameters: dict[str, Any] | None = None
    outputs: list[RequestedOutput] | None = None


@dataclass(frozen=True)
class InferRequest:
    """What was asked for.

    Parameters
    ----------
    inputs : list of (InputTensor, memoryview or None)
        Each with its binary data where it has some.
    outputs : list of (str, bool) or None
        Names, and whether each is wanted binary; None: all of them.
    binary : bool
        Whether outputs are binary where nothing else is said.
    """

    id: str | None
    inputs: list[tuple[InputTensor, memoryview | None]]
    outputs: list[tuple[str, bool]] | None
    binary: bool


_decoder = msgspec.json.Decoder(_Document)


def malformed(detail: str) -> Problem:
    """The problem of a request that is not as the protocol has it."""
    return Problem("bad_request", detail)


def read_request(body: bytes, header_length: str | None, *, max_depth: int) -> InferRequest:
    """The request of a body and its Inference-Header-Content-Length, None without that header.

    Raises
    ------
    Problem
        400.
    """
    text, rest = _parts(body, header_length)
    check_depth(text, max_depth)
    try:
        document = _decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(f"The request cannot be read: {str(error)[:300]}.") from None
    if not document.inputs:
        raise malformed("`inputs` is empty: the features come as tensors.")
    named: set[str] = set()
    for tensor in document.inputs:
        if tensor.name in named:
            raise malformed(f"The input {shown(tensor.name)} stands twice.")
        named.add(tensor.name)
        _refuse_unsupported(tensor.name, tensor.parameters)
    binary = _flag(document.parameters, "binary_data_output", default=False)
    return InferRequest(document.id, _with_binary(document.inputs, rest), _outputs(document, binary), binary)


def _parts(body: bytes, header_length: str | None) -> tuple[bytes, memoryview]:
    whole = memoryview(body)
    if header_length is None:
        return body, whole[len(body) :]
    if not _DIGITS.fullmatch(header_length) or int(header_length) > len(body):
        detail = f"Inference-Header-Content-Length is {shown(header_length)}, the body has {len(body):,} bytes."
        raise malformed(detail)
    length = int(header_length)
    return bytes(whole[:length]), whole[length:]


def _with_binary(tensors: list[InputTensor], rest: memoryview) -> list[tuple[InputTensor, memoryview | None]]:
    found: list[tuple[InputTensor, memoryview | None]] = []
    start = 0
    for tensor in tensors:
        size = (tensor.parameters or {}).get("binary_data_size")
        if size is None:
            found.append((tensor, None))
            continue
        if type(size) is not int or size < 0:
            raise malformed(f"binary_data_size of {shown(tensor.name)} should be a whole number, not {shown(size)}.")
        if bytes(tensor.data) not in ABSENT:
            raise malformed(f"The input {shown(tensor.name)} has both `data` and binary_data_size.")
        if start + size > len(rest):
            detail = (
                f"binary_data_size of {shown(tensor.name)} is {size:,}; the body has {len(rest) - start:,} bytes left."
            )
            raise malformed(detail)
        found.append((tensor, rest[start : start + size]))
        start += size
    if start != len(rest):
        raise malformed(f"{len(rest) - start:,} bytes of the body belong to no tensor.")
    return found


def _outputs(document: _Document, binary: bool) -> list[tuple[str, bool]] | None:
    if not document.outputs:
        return None
    for output in document.outputs:
        _refuse_unsupported(output.name, output.parameters)
    chosen = [(each.name, _flag(each.parameters, "binary_data", default=binary)) for each in document.outputs]
    if len({name for name, _ in chosen}) != len(chosen):
        raise malformed("An output stands twice in `outputs`.")
    return chosen


def _refuse_unsupported(name: str, parameters: dict[str, Any] | None) -> None:
    for parameter in _UNSUPPORTED:
        if parameter in (parameters or {}):
            raise malformed(
                f"{shown(name)} has the parameter {parameter!r}, whose extension this server does not have."
            )


def _flag(parameters: dict[str, Any] | None, name: str, *, default: bool) -> bool:
    value = (parameters or {}).get(name, default)
    if not isinstance(value, bool):
        raise malformed(f"The parameter {name!r} should be true or false, not {shown(value)}.")
    return value
