"""A training job from its claim to its end, in this process."""

from __future__ import annotations

import resource
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.training import Trainer
from store import jobs, leases
from store.checkpoints import name_checkpoint, write_blob
from store.database import Database
from store.leases import Fence
from store.tables import DatasetRow, JobRow
from tests.support.training import PROJECT, job_now, outcome_digest, submit, versions_of
from worker import matrices, training_job
from worker.job import run_job
from worker.matrices import MatrixRoom
from worker.runtime import Runtime

SHORT: dict[str, Any] = {"hidden": [8], "epochs": 6, "test_fraction": 0.2}


def interrupt_after(monkeypatch: pytest.MonkeyPatch, step: int, action: Any) -> None:
    """Have `action` called, once, before the first block of the training that begins at that step or later."""
    do_block, left = Trainer._train_block, [action]

    def do_block_after_action(self: Trainer, rows: Any) -> None:
        if self.state.step >= step and left:
            left.pop()()
        do_block(self, rows)

    monkeypatch.setattr(Trainer, "_train_block", do_block_after_action)


def raising(error: BaseException) -> Any:
    def fail() -> None:
        raise error

    return fail


def ended(database: Database, job: JobRow) -> tuple[str, str | None]:
    found = job_now(database, job.id)
    return found.status, None if found.error is None else found.error["code"]


def test_a_job_ends_with_a_version_and_every_epoch_reported(runtime: Runtime, dataset: DatasetRow) -> None:
    job = submit(runtime.database, dataset, **SHORT)
    run_job(runtime, job.id)
    found = job_now(runtime.database, job.id)
    (version,) = versions_of(runtime.database, job.id)
    assert (found.status, found.epoch, found.model_version) == ("succeeded", 6, version.version)
    assert (found.checkpoint_id, found.lease_expires_at, found.bit_identical) == (None, None, True)
    assert found.fingerprint is not None
    assert found.fingerprint["engine"].startswith("small, 1 thread, ")
    assert outcome_digest(runtime.database, job.id)["epochs"] == [1, 2, 3, 4, 5, 6]
    assert version.dataset == {"id": dataset.id, "name": "points", "version": 1, "sha256": dataset.sha256}
    assert version.schema["classes"] == ["a", "b", "c"]
    assert [feature["name"] for feature in version.schema["features"]] == ["w", "x", "y", "z"]
    assert version.network == {"layer_sizes": [4, 8, 3], "activation": "relu", "output_activation": "softmax"}


def test_a_job_that_somebody_else_has_is_left_alone(runtime: Runtime, dataset: DatasetRow) -> None:
    job = submit(runtime.database, dataset, **SHORT)
    with runtime.database.write() as s:
        leases.claim(s, job.id, worker="other", lease_seconds=30)
    run_job(runtime, job.id)
    assert (job_now(runtime.database, job.id).worker, versions_of(runtime.database, job.id)) == ("other", [])


def test_a_message_of_no_job_is_dropped(runtime: Runtime) -> None:
    run_job(runtime, "job_01K00000000000000000000000")


def test_a_training_that_diverges_fails_with_what_to_try(runtime: Runtime, dataset: DatasetRow) -> None:
    job = submit(runtime.database, dataset, **SHORT, optimizer={"name": "sgd", "learning_rate": 1000.0}, clip=None)
    run_job(runtime, job.id)
    found = job_now(runtime.database, job.id)
    assert ended(runtime.database, job) == ("failed", "training_diverged")
    assert found.error is not None
    assert found.error["hint"]
    assert versions_of(runtime.database, job.id) == []


def test_a_dataset_whose_file_is_gone_is_a_named_failure(runtime: Runtime, dataset: DatasetRow) -> None:
    job = submit(runtime.database, dataset, **SHORT)
    runtime.files.delete(dataset.blob_key)
    run_job(runtime, job.id)
    assert ended(runtime.database, job) == ("failed", "dataset_unreadable")


def test_running_out_of_memory_is_a_named_failure(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(runtime.database, dataset, **SHORT)
    interrupt_after(monkeypatch, 3, raising(MemoryError()))
    run_job(runtime, job.id)
    assert ended(runtime.database, job) == ("failed", "out_of_memory")


def test_an_unforeseen_error_fails_the_job_and_is_raised_again(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job = submit(runtime.database, dataset, **SHORT)
    interrupt_after(monkeypatch, 3, raising(ZeroDivisionError("a secret")))
    with pytest.raises(ZeroDivisionError):
        run_job(runtime, job.id)
    found = job_now(runtime.database, job.id)
    assert ended(runtime.database, job) == ("failed", "internal_error")
    assert found.error is not None
    assert "secret" not in found.error["detail"]
    assert found.error["detail"].split()[-1].rstrip(".") in caplog.text, "the log does not name the incident"


def test_a_stop_gives_the_job_back_and_it_ends_as_if_nothing_had_happened(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, job = (submit(runtime.database, dataset, **SHORT) for _ in range(2))
    run_job(runtime, undisturbed.id)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 5, runtime.shutdown.raise_for_all)
        run_job(runtime, job.id)
    given_back = job_now(runtime.database, job.id)
    assert (given_back.status, given_back.attempts) == ("queued", 0)
    assert given_back.checkpoint_id is not None
    assert given_back.published_at is not None, "its message was not sent again"
    runtime.shutdown._shared[0] = 0
    run_job(runtime, job.id)
    assert outcome_digest(runtime.database, job.id) == outcome_digest(runtime.database, undisturbed.id)


def test_a_stopping_worker_passes_a_message_on(runtime: Runtime, dataset: DatasetRow) -> None:
    job = submit(runtime.database, dataset, **SHORT)
    runtime.shutdown.raise_for_all()
    run_job(runtime, job.id)
    assert (job_now(runtime.database, job.id).status, job_now(runtime.database, job.id).token) == ("queued", 0)


def test_a_checkpoint_that_cannot_be_read_costs_time_alone(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed, job = (submit(runtime.database, dataset, **SHORT) for _ in range(2))
    run_job(runtime, undisturbed.id)
    with runtime.database.write() as s:
        claimed = leases.claim(s, job.id, worker="other", lease_seconds=30)
        assert claimed is not None
        fence = Fence(job.id, claimed.token)
        name_checkpoint(s, fence, write_blob(s, PROJECT, job.id, b"an older release wrote this"))
        leases.give_back(s, fence)
    run_job(runtime, job.id)
    assert outcome_digest(runtime.database, job.id) == outcome_digest(runtime.database, undisturbed.id)


@pytest.mark.parametrize("options", [{}, {"l1": 0.1}, {"batch_size": 7}, {"hidden": [300, 300]}])
def test_the_engine_is_named_before_it_exists(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    """The fingerprint is recorded before there is any matrix: what it foretells is what then trains."""
    job, names = submit(runtime.database, dataset, **{**SHORT, **options}), set()
    run = Trainer.run

    def noting(self: Trainer, *arguments: Any) -> Any:
        names.add(self.engine)
        return run(self, *arguments)

    monkeypatch.setattr(Trainer, "run", noting)
    run_job(runtime, job.id)
    found = job_now(runtime.database, job.id)
    assert found.fingerprint is not None
    assert names == {found.fingerprint["engine"]}


def test_going_on_under_another_fingerprint_is_told(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(runtime.database, dataset, **SHORT)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 5, runtime.shutdown.raise_for_all)
        patch.setattr(training_job, "fingerprint", lambda *_: {"processor": "another"})
        run_job(runtime, job.id)
    runtime.shutdown._shared[0] = 0
    run_job(runtime, job.id)
    found = job_now(runtime.database, job.id)
    assert (found.status, found.bit_identical) == ("succeeded", False)


def test_a_resumed_job_that_was_cancelled_ends_at_once(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(runtime.database, dataset, **SHORT)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 5, runtime.shutdown.raise_for_all)
        run_job(runtime, job.id)
    runtime.shutdown._shared[0] = 0
    with runtime.database.write() as s:
        jobs.request_cancel(s, PROJECT, job.id, "last")
    stopped_in = job_now(runtime.database, job.id).epoch
    run_job(runtime, job.id)
    assert ended(runtime.database, job) == ("cancelled", None)
    (version,) = versions_of(runtime.database, job.id)
    assert version.source == "kept"
    assert version.best_epoch is not None
    assert version.best_epoch == stopped_in


def test_a_job_that_was_cancelled_while_it_waited_for_another_attempt_does_not_start(
    runtime: Runtime, dataset: DatasetRow
) -> None:
    job = submit(runtime.database, dataset, **SHORT)
    with runtime.database.write() as s:
        claimed = leases.claim(s, job.id, worker="other", lease_seconds=30)
        assert claimed is not None
        jobs.request_cancel(s, PROJECT, job.id, "best")
        leases.give_back(s, Fence(job.id, claimed.token))
    run_job(runtime, job.id)
    assert ended(runtime.database, job) == ("cancelled", None)
    assert versions_of(runtime.database, job.id) == []
    assert job_now(runtime.database, job.id).epoch == 0


def test_a_claim_that_was_taken_away_publishes_nothing(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(runtime.database, dataset, **SHORT)

    def lose_the_claim() -> None:
        with runtime.database.write() as s:
            leases.give_back(s, Fence(job.id, 1))

    interrupt_after(monkeypatch, 5, lose_the_claim)
    run_job(runtime, job.id)
    assert job_now(runtime.database, job.id).status == "queued"
    assert versions_of(runtime.database, job.id) == []


def mapping(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    """The worker with room for no matrix in memory; blocks of four rows, three of them mixed."""
    monkeypatch.setattr(matrices, "BLOCK_BYTES", 4 * 4 * 4)
    monkeypatch.setattr(matrices, "WINDOW_BLOCKS", 3)
    return replace(runtime, settings=runtime.settings.model_copy(update={"matrix_bytes": 1}))


@pytest.mark.parametrize("step", [1, 5, 9])
def test_a_job_whose_matrix_is_mapped_ends_as_if_nothing_had_happened_too(
    step: int, runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, mapped = runtime.database, mapping(runtime, monkeypatch)
    config = {**SHORT, "batch_size": 8}
    in_memory, undisturbed, job = (submit(database, dataset, **config) for _ in range(3))
    run_job(runtime, in_memory.id)
    run_job(mapped, undisturbed.id)
    with monkeypatch.context() as patch:
        interrupt_after(patch, step, runtime.shutdown.raise_for_all)
        run_job(mapped, job.id)
    assert job_now(database, job.id).status == "queued"
    runtime.shutdown._shared[0] = 0
    run_job(mapped, job.id)
    found = job_now(database, job.id)
    assert (found.status, found.bit_identical) == ("succeeded", True)
    assert found.fingerprint is not None
    assert found.fingerprint["shuffle"] == "blocks of 4 rows, 3 at a time"
    assert outcome_digest(database, job.id) == outcome_digest(database, undisturbed.id)
    assert outcome_digest(database, job.id)["weights"] != outcome_digest(database, in_memory.id)["weights"]
    assert list((runtime.settings.data_dir / "scratch").iterdir()) == []


def test_in_the_same_order_a_mapped_matrix_trains_to_the_bits_of_one_in_memory(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, mapped = runtime.database, mapping(runtime, monkeypatch)
    in_memory, job = (submit(database, dataset, **SHORT) for _ in range(2))
    run_job(mapped, job.id)
    order = MatrixRoom.order
    monkeypatch.setattr(MatrixRoom, "order", lambda _self, *shape: order(MatrixRoom(Path(), 0), *shape))
    monkeypatch.setattr(MatrixRoom, "matrices", lambda _self, *asked: in_memory_matrices(*asked))
    run_job(runtime, in_memory.id)
    assert outcome_digest(database, job.id) == outcome_digest(database, in_memory.id)


def in_memory_matrices(lengths: list[int], width: int, _look: Any) -> list[Any]:
    return [np.zeros((length, width), dtype=np.float32) for length in lengths]


def test_a_resume_where_the_matrix_is_in_memory_is_told(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(runtime.database, dataset, **SHORT)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 5, runtime.shutdown.raise_for_all)
        run_job(mapping(runtime, monkeypatch), job.id)
    runtime.shutdown._shared[0] = 0
    run_job(runtime, job.id)
    found = job_now(runtime.database, job.id)
    assert (found.status, found.bit_identical) == ("succeeded", False)


def test_a_disk_without_room_for_the_matrix_is_a_named_failure(
    runtime: Runtime, dataset: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = submit(runtime.database, dataset, **SHORT)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    reserve = matrices._reserve

    def refused(*piece: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))  # as a full disk, for this file alone
        try:
            reserve(*piece)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    monkeypatch.setattr(matrices, "_reserve", refused)
    run_job(mapping(runtime, monkeypatch), job.id)
    assert ended(runtime.database, job) == ("failed", "out_of_disk")
