"""Reading the columns of a job's dataset."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from core.table import Table
from store import parquet
from store.database import Database
from store.files import FileStore
from store.tables import DatasetRow, JobRow
from worker.errors import JobError

logger = logging.getLogger(__name__)

_ATTEMPTS = 5
_PAUSE_SECONDS = 0.5


def read_dataset(
    database: Database, files: FileStore, job: JobRow, names: list[str], *, look: Callable[[], None]
) -> tuple[DatasetRow, Table]:
    """The job's dataset and these columns of it.

    Parameters
    ----------
    look : callable
        Called before each attempt.

    Raises
    ------
    JobError
        ``dataset_not_found``, ``column_not_found`` or ``dataset_unreadable``.
    """
    with database.read() as s:
        dataset = s.get(DatasetRow, job.dataset_id)
    if dataset is None or dataset.status != "ready":
        raise JobError("dataset_not_found", f"The dataset {job.dataset_name}@{job.dataset_version} has been deleted.")
    known = {column["name"] for column in dataset.columns}
    absent = [name for name in names if name not in known]
    if absent:
        raise JobError("column_not_found", f"The dataset {job.dataset_name} has no column {absent[0]!r}.")
    for attempt in range(1, _ATTEMPTS + 1):
        look()
        try:
            with files.open(dataset.blob_key) as file:
                return dataset, parquet.read_columns(file, names)
        except OSError as error:
            if attempt == _ATTEMPTS or isinstance(error, FileNotFoundError):
                logger.exception("The file %s of dataset %s cannot be read", dataset.blob_key, dataset.id)
                raise JobError(
                    "dataset_unreadable",
                    f"The file of dataset {job.dataset_name}@{job.dataset_version} cannot be read.",
                    "Ask whoever runs the service whether the storage of the datasets is complete and reachable.",
                ) from error
            logger.warning("The file of dataset %s cannot be read, trying again: %s", dataset.id, error)
        time.sleep(_PAUSE_SECONDS * attempt)
    raise AssertionError("unreachable")
