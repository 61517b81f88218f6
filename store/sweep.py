"""What nobody owns any more is removed: uploads that were given up, files without a dataset."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from sqlalchemy import delete, select

from store.clock import now
from store.database import Database
from store.files import FileStore, owner
from store.tables import DatasetRow

log = logging.getLogger(__name__)


def sweep_datasets(
    database: Database, files: FileStore, *, orphan_seconds: float, wall_clock: Callable[[], float] = time.time
) -> int:
    """Remove rows of uploads whose lease ended `orphan_seconds` ago, and files that no row owns and are as old.

    Safe beside uploads and beside other sweeps.

    Parameters
    ----------
    wall_clock : callable
        The time that files' ages are measured by, seconds since the epoch.

    Returns
    -------
    int
        Number of files removed.
    """
    with database.write() as s:
        s.execute(
            delete(DatasetRow).where(
                DatasetRow.status == "uploading", DatasetRow.lease_expires_at < now() - orphan_seconds
            )
        )
    # Files first, rows second: a file's row is committed before the file is begun, so each file listed here that has
    # an owner finds it.
    listed = files.list()
    with database.read() as s:
        owned = set(s.scalars(select(DatasetRow.blob_key).where(DatasetRow.status != "deleted")))
    oldest_kept = wall_clock() - orphan_seconds
    removed = 0
    for name, written_at in listed:
        if owner(name) in owned or written_at > oldest_kept:
            continue
        files.delete(name)
        log.info("Removed a file that no dataset owns.", extra={"file": name})
        removed += 1
    return removed
