"""A job's error tells a person what happened and what to try."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import InvalidConfiguration, TrainingDiverged
from store.errors import Conflict
from worker.errors import JobError, internal_error, job_error


def test_a_diverged_training_says_where_and_what_to_try() -> None:
    error = job_error(TrainingDiverged(3, 7, 0.5, "try a smaller learning rate"))
    assert error is not None
    assert error["code"] == "training_diverged"
    assert "epoch 3, batch 7" in error["detail"]
    assert error["hint"] == "Try a smaller learning rate."


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "out_of_memory"),
        (np._core._exceptions._ArrayMemoryError((1 << 40,), np.dtype("f4")), "out_of_memory"),  # type: ignore[attr-defined]
        (InvalidConfiguration("epochs", "0 will not do", "1 or more"), "invalid_configuration"),
        (Conflict("model_target_mismatch", "The model is another."), "model_target_mismatch"),
        (JobError("dataset_not_found", "It is gone."), "dataset_not_found"),
    ],
)
def test_foreseen_causes_keep_their_code(error: Exception, code: str) -> None:
    found = job_error(error)
    assert found is not None
    assert found["code"] == code
    assert found["detail"].endswith(".")
    assert set(found) == {"code", "detail", "hint"}


def test_an_unforeseen_cause_is_told_by_its_incident_alone() -> None:
    assert job_error(ZeroDivisionError("/secret/path")) is None
    assert "abcd1234" in internal_error("abcd1234")["detail"]
