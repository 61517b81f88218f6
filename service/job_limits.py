"""The limits of a job that a request asks for, within the service's largest."""

from __future__ import annotations

from typing import Any

from service.problems import problem_at
from service.schemas.train import TrainRequest
from store.limits import JobLimits
from store.settings import Settings


def limits_of(request: TrainRequest, settings: Settings) -> dict[str, Any]:
    """The part of a job's `config` that limits it; what is not limited is absent.

    Raises
    ------
    Problem
        422 ``out_of_range``, for more than the service allows.
    """
    asked = {"time_limit_seconds": request.time_limit_seconds, "memory_limit_bytes": request.memory_limit_bytes}
    limits = JobLimits.of(asked, max_seconds=settings.max_job_seconds, max_memory_bytes=settings.max_job_memory_bytes)
    held = {"time_limit_seconds": limits.seconds, "memory_limit_bytes": limits.memory_bytes}
    for name, value in asked.items():
        if value is not None and value != held[name]:
            unit = name.rpartition("_")[2]
            detail = f"This service gives a job at most {held[name]:,} {unit}; the request asks for {value:,}."
            raise problem_at("out_of_range", detail, pointer=f"/{name}")
    return {name: value for name, value in held.items() if value is not None}
