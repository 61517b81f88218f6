"""A training's state as bytes, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import safetensors.numpy
from safetensors import SafetensorError

from core.errors import UnreadableState
from core.training import TrainingState

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = "mlp-checkpoint-1"


def encode(state: TrainingState) -> bytes:
    """All that the training needs to go on to the same bits.

    Safetensors bytes: the arrays are its tensors; the counters, and all else that is JSON, stand in its metadata
    with the name of the format.
    """
    tensors, meta = state.to_tensors()
    return safetensors.numpy.save(tensors, {"format": FORMAT, "state": json.dumps(meta)})


def decode(data: bytes) -> TrainingState:
    """The state that `encode` wrote.

    Raises
    ------
    UnreadableState
        For bytes of another format, such as an older release's.
    """
    try:
        metadata = _metadata(data)
        if metadata.get("format") != FORMAT:
            raise UnreadableState(
                f"the checkpoint has the format {metadata.get('format')!r}, this code reads {FORMAT!r}"
            )
        tensors: dict[str, NDArray] = safetensors.numpy.load(data)  # type: ignore[type-arg]
        meta = json.loads(metadata["state"])
    except (SafetensorError, ValueError, KeyError) as error:
        raise UnreadableState(f"the checkpoint is not safetensors: {error}") from error
    return TrainingState.from_tensors(tensors, meta)


def _metadata(data: bytes) -> dict[str, str]:
    """The metadata of safetensors bytes: 8 bytes of length, then a JSON header of that length."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    metadata: dict[str, str] = header.get("__metadata__", {})
    return metadata
