"""Reading the columns of a job's dataset, as they are needed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from core.table import Column, Table
from store.database import Database
from store.files import FileStore
from store.parquet import ColumnReader
from store.tables import DatasetRow, JobRow
from worker.errors import JobError

logger = logging.getLogger(__name__)
T = TypeVar("T")

COLUMN_BYTES = 32 << 20
_ATTEMPTS = 5
_PAUSE_SECONDS = 0.5


class DatasetFile:
    """A dataset's columns in its file; a context manager. The whole table is never in memory.

    Parameters
    ----------
    dataset : DatasetRow
    look : callable
        Called before each reading of at most some tens of megabytes; it may raise.

    Attributes
    ----------
    schema : list of dict
        The dataset's column objects.
    rows : int

    Raises
    ------
    JobError
        ``dataset_unreadable``, from every method that reads: the file is gone, or several attempts were in vain.
    """

    def __init__(self, files: FileStore, dataset: DatasetRow, look: Callable[[], None]) -> None:
        self.schema, self.rows = dataset.columns, dataset.rows
        self._files, self._key, self._look = files, dataset.blob_key, look
        self._title = f"{dataset.name}@{dataset.version}"
        self._reader: ColumnReader | None = None

    def columns(self, names: Sequence[str]) -> Table:
        """All rows of the named columns."""
        attempt = 0
        while True:
            self._look()
            try:
                return self._open().columns(names)
            except OSError as error:
                attempt += 1
                self._try_again(error, attempt)

    def one_by_one(self, names: Sequence[str]) -> Iterator[tuple[str, Column]]:
        """All rows of each column in turn, with its name; a few columns are read at a time."""
        count = max(1, COLUMN_BYTES // (8 * max(1, self.rows)))
        for start in range(0, len(names), count):
            yield from self.columns(names[start : start + count]).items()
        self._open().release()

    def blocks(self, names: Sequence[str]) -> Iterator[tuple[int, Table]]:
        """Some rows of the named columns at a time, in order, with the number of the first row."""
        return self._read_on(
            lambda done: self._open().blocks(names, done), lambda block: len(next(iter(block.values())))
        )

    def whole_blocks(self, size: int) -> Iterator[tuple[int, Any]]:
        """Arrow tables of `size` rows with all columns, in order, with the number of the first row."""
        return self._read_on(lambda done: self._open().whole_blocks(size, done), lambda block: block.num_rows)

    def _read_on(self, read: Callable[[int], Iterator[T]], rows_of: Callable[[T], int]) -> Iterator[tuple[int, T]]:
        """What is read from the start on, and, where that ends with an error, from where it ended on."""
        done = attempt = 0
        while True:
            try:
                for block in read(done):
                    self._look()
                    yield done, block
                    done += rows_of(block)
                    attempt = 0
                return
            except OSError as error:
                attempt += 1
                self._try_again(error, attempt)

    def _open(self) -> ColumnReader:
        if self._reader is None:
            self._reader = ColumnReader(self._files.open(self._key))
        return self._reader

    def _try_again(self, error: OSError, attempt: int) -> None:
        self.close()
        if attempt == _ATTEMPTS or isinstance(error, FileNotFoundError):
            logger.error("The file %s cannot be read", self._key, exc_info=error)
            raise JobError(
                "dataset_unreadable",
                f"The file of dataset {self._title} cannot be read.",
                "Ask whoever runs the service whether the storage of the datasets is complete and reachable.",
            ) from error
        logger.warning("The file %s cannot be read, trying again: %s", self._key, error)
        time.sleep(_PAUSE_SECONDS * attempt)

    def close(self) -> None:
        """Close the file; it is opened again when something is read."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None

    def __enter__(self) -> DatasetFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _rows(table: Table) -> int:
    return len(next(iter(table.values())))


def open_dataset(
    database: Database, files: FileStore, job: JobRow, names: Sequence[str], *, look: Callable[[], None]
) -> tuple[DatasetRow, DatasetFile]:
    """The job's dataset, which has these columns, and its file.

    Raises
    ------
    JobError
        ``dataset_not_found`` or ``column_not_found``.
    """
    with database.read() as s:
        dataset = s.get(DatasetRow, job.dataset_id)
    if dataset is None or dataset.status != "ready":
        raise JobError("dataset_not_found", f"The dataset {job.dataset_name}@{job.dataset_version} has been deleted.")
    known = {column["name"] for column in dataset.columns}
    absent = [name for name in names if name not in known]
    if absent:
        raise JobError("column_not_found", f"The dataset {job.dataset_name} has no column {absent[0]!r}.")
    return dataset, DatasetFile(files, dataset, look)
