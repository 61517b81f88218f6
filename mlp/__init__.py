"""What a person types or imports: the ``mlp`` command, the embedded stack, ``from mlp import Client``.

Names are loaded on first use, so that ``import mlp`` costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlp.client import Client
    from mlp.problems import (
        BadRequest,
        Conflict,
        JobFailed,
        MLPClientError,
        NotFound,
        Problem,
        ServerTrouble,
        TooManyRequests,
        Unacceptable,
        Unreachable,
        UnreadableAnswer,
        WaitedTooLong,
    )

__all__ = [
    "BadRequest",
    "Client",
    "Conflict",
    "JobFailed",
    "MLPClientError",
    "NotFound",
    "Problem",
    "ServerTrouble",
    "TooManyRequests",
    "Unacceptable",
    "Unreachable",
    "UnreadableAnswer",
    "WaitedTooLong",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module 'mlp' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("mlp.client" if name == "Client" else "mlp.problems"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
