"""The life of an upload from a typed table to a dataset that can be named."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from store import datasets, parquet
from store.database import Database
from store.files import FileStore
from store.idempotency import IdempotencyKey
from store.ingest.table import IngestedTable
from store.settings import Settings
from store.tables import DatasetRow

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upload:
    """A dataset that is yet to be: the id of its row, and the key of its file."""

    id: str
    blob_key: str


@contextmanager
def begun_upload(
    database: Database, files: FileStore, project: str, name: str, *, lease_seconds: float
) -> Iterator[Upload]:
    """An upload's row for the length of the block; what has not become a dataset by its end is removed.

    The row comes before the file and says who owns it, so that a crash at any point leaves only what
    `store.sweep` recognises.
    """
    with database.write() as s:
        row = datasets.begin_upload(s, project, name, lease_seconds=lease_seconds)
        upload = Upload(row.id, row.blob_key)
    try:
        yield upload
    finally:
        _undo(database, files, upload.id, upload.blob_key)


def store_dataset(
    database: Database,
    files: FileStore,
    project: str,
    name: str,
    ingested: IngestedTable,
    settings: Settings,
    *,
    key: str | None = None,
) -> tuple[DatasetRow, bool]:
    """Store the table as a version of the name; after an error nothing of it is left.

    The row comes before the file and says who owns it, so that a crash at any point leaves only what
    `store.sweep` recognises.

    Parameters
    ----------
    key : str or None
        The client's key of this upload: the same one with the same name and content again is answered alike.

    Returns
    -------
    tuple of (DatasetRow, bool)
        The dataset, and whether it is new: the same name and content again give the existing one.

    Raises
    ------
    Conflict
        ``upload_expired`` when it took longer than `settings.upload_lease_seconds` and the sweep came by;
        ``idempotency_key_reused``.
    """
    with database.write() as s:
        upload = datasets.begin_upload(s, project, name, lease_seconds=settings.upload_lease_seconds)
        row_id, blob_key = upload.id, upload.blob_key
    try:
        with files.new(blob_key) as path:
            parquet.write(ingested.table, path)
        with database.write() as s:
            row, created = datasets.complete_upload(
                s,
                row_id,
                rows=ingested.rows,
                bytes=files.size(blob_key),
                sha256=ingested.sha256,
                columns=ingested.columns,
                warnings=ingested.warnings,
                key=None if key is None else _key(key, name, ingested.sha256),
            )
    except BaseException:
        _undo(database, files, row_id, blob_key)
        raise
    if row.id != row_id:
        _remove(files, blob_key)
    return row, created


def _key(key: str, name: str, content: str) -> IdempotencyKey:
    return IdempotencyKey("POST /datasets", key, hashlib.sha256(f"{name}\x00{content}".encode()).hexdigest())


def _undo(database: Database, files: FileStore, row_id: str, key: str) -> None:
    try:
        with database.write() as s:
            gone = datasets.abandon_upload(s, row_id)
    except SQLAlchemyError:  # the first error is the one to tell
        log.warning("The row of a failed upload stays until the sweep.", exc_info=True, extra={"dataset": row_id})
        return
    if gone:
        _remove(files, key)


def _remove(files: FileStore, key: str) -> None:
    try:
        files.delete(key)
    except OSError:
        log.warning("A file that nobody needs stays until the sweep.", exc_info=True, extra={"file": key})
