"""What a full disk does to uploads and trainings, and that room mends it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from store.database import Database
from store.settings import Settings
from tests.support.api import Api, running
from tests.support.faults import (
    LONG_TRAINING,
    fault_settings,
    submit_and_publish,
    undisturbed,
    wait_for_end,
    wait_for_progress,
)
from tests.support.small_disk import SmallDisk, small_disk
from tests.support.training import job_now, outcome_digest, points_table, upload
from tests.support.workers import Part, reaper, wait_until


@contextmanager
def on_small_disk(settings: Settings, folder: Path) -> Iterator[tuple[SmallDisk, Settings]]:
    """The settings with the data folder, and with SQLite the database, on a small disk."""
    with small_disk(folder / "small", 16) as disk:
        changes: dict[str, Any] = {"data_dir": disk.folder / "var"}
        if settings.resolved_database_url.startswith("sqlite"):
            shutil.copy(str(make_url(settings.resolved_database_url).database), disk.folder / "test.db")
            changes["database_url"] = f"sqlite:///{disk.folder / 'test.db'}"
        yield disk, settings.model_copy(update=changes)


def upload_to_a_full_disk(settings: Settings, folder: Path, *, rounds: int) -> None:
    """Each upload to a full disk is refused by name and leaves nothing, and the same one works when there is room."""
    with on_small_disk(settings, folder) as (disk, small), running(small) as api:
        known = api.upload(points_table(50), "known")
        for number in range(rounds):
            table = points_table(20_000, seed=number)
            before = api.traces()
            # Every other time there is room for the row, not for the file that it owns.
            leave = 200_000 * (number % 2)
            disk.fill(leave=leave)
            _refused(api, f"/datasets?name=table{number}", data=table, content_type="text/csv")
            if api.parts.database.is_sqlite and not leave:
                _refused(api, "/train", json={"dataset": "known", "target": "kind", "epochs": 1})
            assert api.get(f"/datasets/{known['id']}").status_code == 200
            assert api.get("/healthz").status_code == 200
            disk.free()
            assert api.traces() == before
            assert api.upload(table, f"table{number}")["rows"] == 20_000


def fill_the_disk_in_mid_training(settings: Settings, folder: Path, *, rounds: int) -> None:
    """A training whose checkpoints find no room goes on when there is some, to the bits of an undisturbed one."""
    with on_small_disk(fault_settings(settings), folder) as (disk, small):
        database = Database(small.resolved_database_url)
        dataset = upload(small, database, points_table())
        expected = undisturbed(small, database, dataset, **LONG_TRAINING)
        log = folder / "worker.log"
        with reaper(small), Part("worker.main", small, log, "The worker is ready") as worker:
            for _ in range(rounds):
                said = len(worker.read_log())
                job_id = submit_and_publish(small, database, dataset, **LONG_TRAINING)
                wait_for_progress(database, job_id, epochs=5)
                disk.fill()
                wait_until(
                    lambda said=said: "database or disk is full" in worker.read_log()[said:],  # type: ignore[misc]
                    seconds=30,
                    what="a write without room",
                )
                assert job_now(database, job_id).status == "running"
                disk.free()
                job = wait_for_end(database, job_id)
                assert (job.status, job.error, job.bit_identical) == ("succeeded", None, True)
                assert outcome_digest(database, job_id) == expected
            assert worker.running
        database.dispose()


def _refused(api: Api, address: str, **request: Any) -> None:
    answer = api.post(address, **request)
    assert (answer.status_code, answer.get_json()["code"]) == (507, "storage_full"), answer.text
