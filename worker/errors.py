"""Why a job cannot succeed, in words for the person who asked."""

from __future__ import annotations

from typing import Any

from core.errors import MLPError
from store.errors import StoreError


class JobError(Exception):
    """A cause that the job's `error` shows.

    Parameters
    ----------
    code : str
        Stable name.
    detail, hint : str
        What happened; what to try.
    """

    def __init__(self, code: str, detail: str, hint: str | None = None) -> None:
        super().__init__(detail)
        self.code, self.detail, self.hint = code, detail, hint


def job_error(error: Exception) -> dict[str, Any] | None:
    """The `error` object of a job that failed for a foreseen cause; None for any other exception."""
    if isinstance(error, MemoryError):
        return {
            "code": "out_of_memory",
            "detail": "The job needed more memory than the worker has.",
            "hint": "Try a smaller network, a smaller batch size or fewer columns.",
        }
    if isinstance(error, (JobError, MLPError)):
        return {"code": error.code, "detail": _sentence(str(error)), "hint": _sentence(error.hint)}
    if isinstance(error, StoreError):
        return {"code": error.code, "detail": error.detail, "hint": None}
    return None


def internal_error(incident: str) -> dict[str, Any]:
    """The `error` object of a job that failed for a cause that nobody foresaw; the log has more."""
    return {
        "code": "internal_error",
        "detail": f"The job failed for a cause that was not foreseen; incident {incident}.",
        "hint": "Whoever runs the service finds the cause in the worker's log under the incident's number.",
    }


def _sentence(text: str | None) -> str | None:
    if not text:
        return None
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
