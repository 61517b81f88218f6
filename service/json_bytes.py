"""JSON as every answer writes it."""

from __future__ import annotations

from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()  # writes null for what is not finite


def json_bytes(value: Any) -> bytes:
    """The value as compact JSON."""
    return _encoder.encode(value)
