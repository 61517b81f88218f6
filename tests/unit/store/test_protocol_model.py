"""The job protocol beside a model of a few lines: whatever order of events is tried, both come to the same.

``PROTOCOL_RUNS=500 PROTOCOL_STEPS=30`` is the long form. Time is moved by moving a lease's end in the table.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, func, select, update

from store import checkpoints, histories, jobs, leases, messages, registry
from store.clock import now
from store.database import Database
from store.errors import Conflict, LeaseLost
from store.leases import Fence
from store.registry_tables import ModelVersionRow
from store.tables import CheckpointBlobRow, EpochReportRow, JobRow
from tests.support.rows import PROJECT, new_version, queued_job, read_job, report

RUNS = int(os.environ.get("PROTOCOL_RUNS") or 60)
STEPS = int(os.environ.get("PROTOCOL_STEPS") or 30)
MAX_ATTEMPTS = 3
LEASE = 1000.0


@dataclass
class Expected:
    """What a job should be like."""

    status: str = "queued"
    token: int = 0
    attempts: int = 0
    advanced: bool = False
    lease_is_over: bool = False
    told: bool = True  # a message about it is on its way
    cancel: bool = False
    keep: bool = False
    epochs: int = 0
    checkpoint: bool = False
    versions: int = 0
    tokens: set[int] = field(default_factory=set)

    def holds(self, fence: Fence) -> bool:
        return self.status == "running" and self.token == fence.token


class Protocol(RuleBasedStateMachine):
    """Workers, reapers and people, in any order."""

    database: Database
    ids = Bundle("ids")
    fences = Bundle("fences")

    def __init__(self) -> None:
        super().__init__()
        self.expected: dict[str, Expected] = {}

    def teardown(self) -> None:
        with self.database.write() as s:
            for table in (EpochReportRow, CheckpointBlobRow):
                s.execute(delete(table).where(table.job_id.in_(self.expected)))
            s.execute(delete(JobRow).where(JobRow.id.in_(self.expected)))

    @initialize(target=ids)
    def the_first_is_asked_for(self) -> str:
        return self._ask()

    @precondition(lambda self: len(self.expected) < 3)  # few, so that what happens happens to the same ones
    @rule(target=ids)
    def another_is_asked_for(self) -> str:
        return self._ask()

    def _ask(self) -> str:
        job = queued_job(self.database)
        self.expected[job.id] = Expected()
        return job.id

    @rule(target=fences, job_id=ids)
    def a_worker_hears(self, job_id: str) -> Fence:
        """A message comes, perhaps for the second time, perhaps late."""
        expected = self.expected[job_id]
        with self.database.write() as s:
            claimed = leases.claim(s, job_id, worker="w", lease_seconds=LEASE)
        assert (claimed is not None) == (expected.status == "queued")
        if claimed is not None:
            assert claimed.token not in expected.tokens, "a token was given twice"
            expected.tokens.add(claimed.token)
            expected.status, expected.token = "running", expected.token + 1
            expected.advanced = expected.lease_is_over = False
        return Fence(job_id, claimed.token if claimed is not None else expected.token)

    @rule(fence=fences)
    def a_heart_beats(self, fence: Fence) -> None:
        if self._write(fence, lambda s: leases.renew(s, fence, LEASE)):
            self.expected[fence.job_id].lease_is_over = False

    @rule(fence=fences, anew=st.booleans())
    def an_epoch_is_reported(self, fence: Fence, anew: bool) -> None:
        """The next one, or the last reported one anew, as by a training that goes on from before it."""
        expected = self.expected[fence.job_id]
        epoch = expected.epochs if anew and expected.epochs else expected.epochs + 1

        def write(s):  # type: ignore[no-untyped-def]
            leases.record_progress(s, fence, epoch=epoch, best_epoch=1, samples_per_second=None, eta_seconds=None)
            histories.append_reports(s, PROJECT, fence.job_id, [report(epoch)])

        if self._write(fence, write):
            expected.epochs, expected.advanced = epoch, expected.advanced or epoch > expected.epochs

    @rule(fence=fences)
    def a_checkpoint_is_made(self, fence: Fence) -> None:
        expected = self.expected[fence.job_id]
        data = f"{fence.token}".encode()
        with self.database.write() as s:
            blob = checkpoints.write_blob(s, PROJECT, fence.job_id, data)
        if self._write(fence, lambda s: checkpoints.name_checkpoint(s, fence, blob)):
            expected.checkpoint = expected.advanced = True
            assert self._checkpoint(fence.job_id) == data

    @rule(fence=fences)
    def a_job_is_given_back(self, fence: Fence) -> None:
        if self._write(fence, lambda s: leases.give_back(s, fence)):
            expected = self.expected[fence.job_id]
            expected.status, expected.told = "queued", False

    @rule(fence=fences, status=st.sampled_from(["succeeded", "failed", "cancelled"]))
    def a_job_is_ended(self, fence: Fence, status: str) -> None:
        def write(s):  # type: ignore[no-untyped-def]
            leases.finish(s, fence, status)
            if status == "succeeded":
                version = new_version(fence.job_id)
                registry.publish_version(s, PROJECT, "iris", version, task="classification", target="species")

        if self._write(fence, write):
            expected = self.expected[fence.job_id]
            expected.status, expected.checkpoint = status, False
            expected.versions += status == "succeeded"

    @rule(job_id=ids)
    def a_lease_runs_out(self, job_id: str) -> None:
        with self.database.write() as s:
            s.execute(
                update(JobRow).where(JobRow.id == job_id, JobRow.status == "running").values(lease_expires_at=now() - 1)
            )
        self.expected[job_id].lease_is_over = self.expected[job_id].status == "running"

    @rule()
    def the_reaper_comes_by(self) -> None:
        with self.database.read() as s:
            found = {fence.job_id: fence for fence in leases.expired(s) if fence.job_id in self.expected}
        over = {
            job_id: Fence(job_id, each.token)
            for job_id, each in self.expected.items()
            if each.status == "running" and each.lease_is_over
        }
        assert found == over
        for fence in found.values():
            self.one_is_taken_back(fence)

    @rule(fence=fences)
    def one_is_taken_back(self, fence: Fence) -> None:
        """By the reaper that found it, or by one that found it long ago."""
        expected = self.expected[fence.job_id]
        with self.database.write() as s:
            status = leases.take_back(s, fence, MAX_ATTEMPTS)
        if not (expected.holds(fence) and expected.lease_is_over):
            assert status is None
            return
        expected.token += 1
        expected.attempts += not expected.advanced
        if expected.cancel and not expected.keep:
            expected.status = "cancelled"
        elif expected.attempts >= MAX_ATTEMPTS:
            expected.status = "failed"
        else:
            expected.status, expected.told = "queued", False
        expected.checkpoint = expected.checkpoint and expected.status == "queued"
        assert status == expected.status

    @rule(job_id=ids, keep=st.booleans())
    def somebody_cancels(self, job_id: str, keep: bool) -> None:
        expected = self.expected[job_id]
        ended = expected.status in ("succeeded", "failed", "cancelled")
        with self.database.write() as s:
            if ended:
                with pytest.raises(Conflict):
                    jobs.request_cancel(s, PROJECT, job_id)
                return
            jobs.request_cancel(s, PROJECT, job_id, "best" if keep else None)
        expected.cancel, expected.keep = True, keep
        if expected.status == "queued" and not (keep and expected.checkpoint):
            expected.status = "cancelled"

    @rule()
    def what_waits_is_told_again(self) -> None:
        with self.database.read() as s:
            found = set(messages.republishable(s, LEASE)) & set(self.expected)
        assert found == {id_ for id_, each in self.expected.items() if each.status == "queued" and not each.told}
        for job_id in found:
            with self.database.write() as s:
                assert messages.mark_published(s, job_id, LEASE)
                assert not messages.mark_published(s, job_id, LEASE), "two reapers told of it"
            self.expected[job_id].told = True

    @rule(job_id=ids)
    def a_message_is_lost(self, job_id: str) -> None:
        """For longer than a lease."""
        with self.database.write() as s:
            s.execute(
                update(JobRow)
                .where(JobRow.id == job_id, JobRow.status == "queued")
                .values(published_at=now() - 2 * LEASE)
            )
        if self.expected[job_id].status == "queued":
            self.expected[job_id].told = False

    @invariant()
    def the_table_says_what_the_model_says(self) -> None:
        for job_id, expected in self.expected.items():
            row = read_job(self.database, job_id)
            assert (row.status, row.token, row.attempts) == (expected.status, expected.token, expected.attempts)
            assert (row.checkpoint_id is not None) == expected.checkpoint or row.status == "cancelled"
            with self.database.read() as s:
                epochs = s.scalar(select(func.count()).where(EpochReportRow.job_id == job_id))
                versions = s.scalar(select(func.count()).where(ModelVersionRow.job_id == job_id))
            assert epochs == expected.epochs
            assert versions == expected.versions == (expected.status == "succeeded")

    def _write(self, fence: Fence, write) -> bool:  # type: ignore[no-untyped-def]
        """Try a fenced write; it must be taken exactly where the model says that the claim holds."""
        holds = self.expected[fence.job_id].holds(fence)
        try:
            with self.database.write() as s:
                write(s)
        except LeaseLost:
            assert not holds, "a claim that holds was refused"
            return False
        assert holds, "a stale worker wrote"
        return True

    def _checkpoint(self, job_id: str) -> bytes | None:
        with self.database.read() as s:
            return checkpoints.load_checkpoint(s, jobs.get_job(s, PROJECT, job_id))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_protocol_does_what_its_model_does(database: Database) -> None:
    bound = type("BoundProtocol", (Protocol,), {"database": database})
    run_state_machine_as_test(
        bound,
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize="PROTOCOL_RUNS" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )
