"""A worker in the test's own process, and a dataset for it."""

from __future__ import annotations

import pytest

from store.database import Database
from store.files import FileStore
from store.settings import Settings
from store.tables import DatasetRow
from tests.support.training import points_table, upload
from worker.app import make_app
from worker.runtime import Runtime
from worker.shutdown import ShutdownFlag


@pytest.fixture
def runtime(settings: Settings, database: Database) -> Runtime:
    settings = settings.model_copy(update={"report_seconds": 0.0001, "checkpoint_seconds": 0.0001})
    return Runtime(
        settings=settings,
        database=database,
        files=FileStore(settings.resolved_data_url),
        app=make_app(settings),
        shutdown=ShutdownFlag(),
        watchdog=None,
        worker="test",
    )


@pytest.fixture
def dataset(settings: Settings, database: Database) -> DatasetRow:
    return upload(settings, database, points_table(60))
