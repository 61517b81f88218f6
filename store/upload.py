"""The life of an upload from a typed table to a dataset that can be named."""

from __future__ import annotations

import logging

from store import datasets, parquet
from store.database import Database
from store.files import FileStore
from store.ingest.table import IngestedTable
from store.settings import Settings
from store.tables import DatasetRow

log = logging.getLogger(__name__)


def store_dataset(
    database: Database, files: FileStore, project: str, name: str, ingested: IngestedTable, settings: Settings
) -> tuple[DatasetRow, bool]:
    """Store the table as a version of the name; after an error nothing of it is left.

    The row comes before the file and says who owns it, so that a crash at any point leaves only what
    `store.sweep` recognises.

    Returns
    -------
    tuple of (DatasetRow, bool)
        The dataset, and whether it is new: the same name and content again give the existing one.

    Raises
    ------
    Conflict
        ``upload_expired`` when it took longer than `settings.upload_lease_seconds` and the sweep came by.
    """
    with database.write() as s:
        upload = datasets.begin_upload(s, project, name, lease_seconds=settings.upload_lease_seconds)
        row_id, key = upload.id, upload.blob_key
    try:
        with files.new(key) as path:
            parquet.write(ingested.table, path)
        with database.write() as s:
            row, created = datasets.complete_upload(
                s,
                row_id,
                rows=ingested.rows,
                bytes=files.size(key),
                sha256=ingested.sha256,
                columns=ingested.columns,
                warnings=ingested.warnings,
            )
    except BaseException:
        _undo(database, files, row_id, key)
        raise
    if not created:
        files.delete(key)
    return row, created


def _undo(database: Database, files: FileStore, row_id: str, key: str) -> None:
    try:
        with database.write() as s:
            datasets.abandon_upload(s, row_id)
        files.delete(key)
    except Exception:  # the first error is the one to tell; what is left the sweep removes
        log.warning(
            "An upload's remains could not be removed; the sweep will.", exc_info=True, extra={"dataset": row_id}
        )
