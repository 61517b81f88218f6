"""How long a job may run and how much memory it may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class JobLimits:
    """The limits of one job; of a search those of each of its trials.

    Attributes
    ----------
    seconds : float or None
        Over all attempts together.
    memory_bytes : int or None
        What the training process may hold beyond what it had when it took the job.
    """

    seconds: float | None = None
    memory_bytes: int | None = None

    @classmethod
    def of(cls, config: Mapping[str, Any], *, max_seconds: float = 0.0, max_memory_bytes: int = 0) -> JobLimits:
        """What a job's `config` says, held within the service's largest (0: there is none)."""
        return cls(
            _least(config.get("time_limit_seconds"), max_seconds),
            _least(config.get("memory_limit_bytes"), max_memory_bytes),
        )


def _least(asked: Any, largest: Any) -> Any:
    return min((each for each in (asked, largest or None) if each is not None), default=None)


def time_limit_exceeded(ran_seconds: float, limit_seconds: float) -> dict[str, Any]:
    """The `error` object of a job that ran for too long."""
    return {
        "code": "time_limit_exceeded",
        "detail": f"The job ran for {ran_seconds:,.1f} s in all its attempts; its limit is {limit_seconds:,g} s.",
        "hint": "Ask for a larger `time_limit_seconds`, fewer epochs or a smaller network. "
        "To end in time with the best network so far, give `max_seconds` too, and less of it.",
    }


def memory_limit_exceeded(held_bytes: int, limit_bytes: int) -> dict[str, Any]:
    """The `error` object of a job that took too much memory."""
    return {
        "code": "memory_limit_exceeded",
        "detail": f"The job took {held_bytes:,} bytes of memory; its limit is {limit_bytes:,}.",
        "hint": "Ask for a larger `memory_limit_bytes`, a smaller network, a smaller batch size or fewer columns.",
    }
