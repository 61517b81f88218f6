"""A training job from its claim to its end."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from typing import Any

from core.reports import EpochReport
from store import histories, leases
from store.errors import LeaseLost
from store.leases import Fence, Renewal
from store.tables import JobRow
from worker.checkpointer import Checkpointer
from worker.cross_validation import cross_validate
from worker.datasets import open_dataset
from worker.ending import end_job
from worker.errors import internal_error, job_error
from worker.fingerprint import fingerprint
from worker.heartbeat import Heartbeat
from worker.interrupts import BatchWatch, Cancelled, Interrupts, StopAsked
from worker.job_config import JobConfig
from worker.matrices import MatrixRoom
from worker.outages import is_outage, through_outages
from worker.progress import Progress
from worker.pruning import Pruned, trial_of
from worker.publisher import publish, publish_queued
from worker.resumption import resumed_trainer
from worker.runtime import Runtime
from worker.search import try_to_advance
from worker.starting_point import starting_point
from worker.trainer import ended_by_the_clock, engine_of, resumes, train
from worker.training_data import encode
from worker.training_plan import TrainingPlan, plan_training
from worker.version import kept_version, trained_version

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 600.0  # a database that is away longer loses this worker's attempt, not the job
_GIVE_BACK_SECONDS = 5.0


def run_job(runtime: Runtime, job_id: str) -> None:
    """Claim the job that a message names, train it, and end it; nothing happens when another worker has it.

    A search is claimed by nobody: it is moved on, as it is after each trial of it.

    Whatever happens to this process on the way, the job's row says what is true: a claim that is not renewed is
    taken back by the reaper, and the training goes on from its last checkpoint.
    """
    if runtime.shutdown.raised:
        publish(runtime.app, job_id)  # for another worker
        return
    job = through_outages(
        lambda: _claim(runtime, job_id), patience_seconds=_PATIENCE_SECONDS, give_up=lambda: runtime.shutdown.raised
    )
    if job is None:
        if not try_to_advance(runtime.database, runtime.app, job_id):
            logger.info("Job %s is not queued: nothing to do", job_id)
        return
    attempt = Attempt(runtime, job)
    try:
        with attempt.heartbeat:
            attempt.work()
    except LeaseLost:
        logger.warning("Job %s is no longer this worker's: it stops", job_id)
    except Exception as error:
        if not is_outage(error):
            raise
        logger.exception("Job %s is left to the reaper: the database stayed away", job_id)
    finally:
        if job.search_id is not None:
            try_to_advance(runtime.database, runtime.app, job.search_id)


def _claim(runtime: Runtime, job_id: str) -> JobRow | None:
    with runtime.database.write() as s:
        return leases.claim(s, job_id, worker=runtime.worker, lease_seconds=runtime.settings.lease_seconds)


class Attempt:
    """One claim of a job, worked off."""

    def __init__(self, runtime: Runtime, job: JobRow) -> None:
        self._runtime, self._job = runtime, job
        self._database, self._settings = runtime.database, runtime.settings
        self._fence, self._threads = Fence(job.id, job.token), runtime.settings.resolved_worker_threads
        self._warnings: list[dict[str, Any]] = job.warnings
        self.heartbeat = Heartbeat(
            runtime.database,
            self._fence,
            lease_seconds=runtime.settings.lease_seconds,
            stall_seconds=runtime.settings.stall_seconds,
            watchdog=runtime.watchdog,
            cancellation=Renewal(cancel_requested=True, cancel_keep=job.cancel_keep) if job.cancel_requested else None,
        )
        self._interrupts = Interrupts(self.heartbeat, runtime.shutdown, job)

    def work(self) -> None:
        """Do the job, and end it or give it back.

        Raises
        ------
        LeaseLost
            When it is another worker's by now.
        """
        logger.info("Job %s begins (claim %d)", self._job.id, self._job.token)
        try:
            self._train()
        except StopAsked:
            self._give_back()
        except Cancelled:  # before there was a network to keep
            self._finish("cancelled")
        except Exception as error:
            if isinstance(error, LeaseLost) or is_outage(error):
                raise
            foreseen = job_error(error)
            if foreseen is not None:
                logger.warning("Job %s failed: %s", self._job.id, foreseen["detail"])
                self._finish("failed", error=foreseen)
                return
            incident = secrets.token_hex(4)
            logger.exception("Job %s failed, incident %s", self._job.id, incident)
            self._finish("failed", error=internal_error(incident))
            raise

    def _train(self) -> None:
        job, look = self._job, self._interrupts.look
        config = JobConfig.from_dict(job.config)
        room = MatrixRoom(self._settings.data_dir / "scratch", self._settings.resolved_matrix_bytes)
        dataset, file = open_dataset(self._database, self._runtime.files, job, config.columns, look=look)
        start = starting_point(self._database, job.project_id, config)
        with file:
            plan = plan_training(file, config, start, look=look)
            self._record_start(config, plan, room)
            watch = BatchWatch(self._interrupts, None)
            cross_validate(  # before the job's own matrices take their room
                file,
                config,
                start,
                job.cross_validation,
                room,
                self._threads,
                on_block=watch,
                look=look,
                save=self._save_folds,
            )
            data = encode(plan, file, config, room, look=look)
        trainer = resumed_trainer(self._database, job, config, data, start, self._threads)
        trial = trial_of(self._database, self._fence, job, self._patiently)
        self._interrupts.loading_checkpoint = False
        progress = Progress(
            self._database,
            self._fence,
            job.project_id,
            epochs=config.training.epochs,
            seen_epoch=job.epoch,
            report_seconds=self._settings.report_seconds,
        )
        checkpointer = (
            Checkpointer(self._database, self._fence, job.project_id, progress, self._settings.checkpoint_seconds)
            if resumes(config)
            else None
        )
        try:
            look()
            watch = BatchWatch(self._interrupts, checkpointer)

            def report_epoch(report: EpochReport) -> None:
                progress.add(report, trainer.best_epoch)
                if trial is not None:
                    trial.look(report, trainer)

            train(trainer, data, config, watch, report_epoch)
            look()
        except StopAsked:
            if checkpointer is not None:
                checkpointer.try_to_save(trainer.state)
            raise
        except Cancelled as cancelled:
            self._patiently(progress.write)
            version = kept_version(trainer, cancelled.keep, job, config, dataset, data, beat=self.heartbeat.beat)
            self._finish("cancelled", version=version)
        except Pruned as pruned:
            self._patiently(progress.write)
            self._finish("cancelled", error=pruned.error, trial_value=pruned.value)
        else:
            self._patiently(progress.write)
            value = trial.value(trainer) if trial is not None else None
            version = None
            if trial is None or value is None or trial.is_best(value):
                version = trained_version(trainer, job, config, dataset, data, beat=self.heartbeat.beat)
            ended = ended_by_the_clock(trainer, self._warnings)
            self._finish("succeeded", version=version, trial_value=value, **ended)

    def _save_folds(self, outcome: dict[str, Any]) -> None:
        def save() -> None:
            with self._database.write() as s:
                leases.fenced(s, self._fence, cross_validation=outcome, advanced=True)

        self._patiently(save)

    def _record_start(self, config: JobConfig, plan: TrainingPlan, room: MatrixRoom) -> None:
        """Record under which fingerprint the job runs, and what its data gave cause to warn of."""
        job, here = self._job, fingerprint(engine_of(config, plan, self._threads), room.order(*plan.shape))
        begun = resumes(config) and (job.checkpoint_id is not None or job.epoch > 0)
        bit_identical = job.bit_identical and (not begun or job.fingerprint == here)
        if not bit_identical:
            logger.warning("Job %s goes on under another fingerprint: not bit-identical", job.id)
        self._warnings = job.warnings + [warning for warning in plan.warnings if warning not in job.warnings]

        def record() -> None:
            with self._database.write() as s:
                leases.fenced(s, self._fence, fingerprint=here, bit_identical=bit_identical, warnings=self._warnings)
                if not resumes(config):
                    histories.clear_history(s, job.id)

        self._patiently(record)

    def _finish(self, status: str, **outcome: Any) -> None:
        """End the job as `worker.ending.end_job` says."""

        def finish() -> None:
            with self._database.write() as s:
                end_job(s, self._job, self._fence, status, **outcome)

        self._patiently(finish)
        logger.info("Job %s %s", self._job.id, status)

    def _give_back(self) -> None:
        """Return the job to the queue and send its message again, for a worker that stays."""

        def give_back() -> None:
            with self._database.write() as s:
                leases.give_back(s, self._fence)

        # This process is asked to go: the reaper does what does not succeed soon.
        through_outages(give_back, patience_seconds=_GIVE_BACK_SECONDS, beat=self.heartbeat.beat)
        sent = publish_queued(self._runtime.app, self._database, self._job.id, self._settings.lease_seconds)
        logger.info("Job %s is given back (message %s)", self._job.id, sent.value)

    def _patiently(self, transaction: Callable[[], None]) -> None:
        """Repeat a fenced transaction through an outage of the database; the job waits with it."""
        through_outages(
            transaction,
            patience_seconds=_PATIENCE_SECONDS,
            beat=self.heartbeat.beat,
            give_up=lambda: self._runtime.shutdown.raised,
        )
