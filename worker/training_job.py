"""A training, from what is asked for to the version that it leaves."""

from __future__ import annotations

import logging
from typing import Any

from core.reports import EpochReport
from store import histories, leases
from store.tables import JobRow
from worker.attempt import Attempt
from worker.checkpointer import Checkpointer
from worker.cross_validation import cross_validate
from worker.datasets import open_dataset
from worker.fingerprint import fingerprint
from worker.interrupts import BatchWatch, Cancelled, StopAsked
from worker.job_config import JobConfig
from worker.matrices import MatrixRoom
from worker.progress import Progress
from worker.pruning import Pruned, trial_of
from worker.resumption import resumed_trainer
from worker.runtime import Runtime
from worker.starting_point import starting_point
from worker.trainer import ended_by_the_clock, engine_of, resumes, train
from worker.training_data import encode
from worker.training_plan import TrainingPlan, plan_training
from worker.version import kept_version, trained_version

logger = logging.getLogger(__name__)


class TrainingAttempt(Attempt):
    """One claim of a training."""

    def __init__(self, runtime: Runtime, job: JobRow) -> None:
        super().__init__(runtime, job)
        self._threads = runtime.settings.resolved_worker_threads
        self._warnings: list[dict[str, Any]] = job.warnings

    def do(self) -> None:
        """Train from the beginning or from the last checkpoint, and end the job."""
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
            version = kept_version(trainer, cancelled.keep, job, config, dataset, data, beat=self._interrupts.go_on)
            self._finish("cancelled", version=version)
        except Pruned as pruned:
            self._patiently(progress.write)
            self._finish("cancelled", error=pruned.error, trial_value=pruned.value)
        else:
            self._patiently(progress.write)
            value = trial.value(trainer) if trial is not None else None
            version = None
            if trial is None or value is None or trial.is_best(value):
                version = trained_version(trainer, job, config, dataset, data, beat=self._interrupts.go_on)
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
        job.fingerprint, job.bit_identical = here, bit_identical  # as the row will have them
        if not bit_identical:
            logger.warning("Job %s goes on under another fingerprint: not bit-identical", job.id)
        self._warnings = job.warnings + [warning for warning in plan.warnings if warning not in job.warnings]

        def record() -> None:
            with self._database.write() as s:
                leases.fenced(s, self._fence, fingerprint=here, bit_identical=bit_identical, warnings=self._warnings)
                if not resumes(config):
                    histories.clear_history(s, job.id)

        self._patiently(record)
