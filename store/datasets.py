"""Datasets as rows: begun, completed, found, deleted."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy import delete as delete_from
from sqlalchemy.orm import Session

from store import idempotency
from store.clock import now
from store.errors import Conflict, NotFound
from store.idempotency import IdempotencyKey
from store.ids import looks_like_id, new_id
from store.locks import lock_name
from store.tables import UNFINISHED, DatasetRow, JobRow

_AGAIN = ":"  # stands in what a key made where that was an existing dataset


def begin_upload(s: Session, project: str, name: str, *, lease_seconds: float) -> DatasetRow:
    """Insert the row that owns a file which is yet to be written (`blob_key`).

    Parameters
    ----------
    lease_seconds : float
        After it the upload counts as given up.
    """
    row_id = new_id("ds")
    row = DatasetRow(
        id=row_id,
        project_id=project,
        name=name,
        status="uploading",
        blob_key=f"{row_id}.parquet",
        lease_expires_at=now() + lease_seconds,
    )
    s.add(row)
    s.flush()
    return row


def renew_upload(s: Session, row_id: str, *, lease_seconds: float) -> None:
    """Push out the time from which the upload counts as given up."""
    mine = (DatasetRow.id == row_id, DatasetRow.status == "uploading")
    s.execute(update(DatasetRow).where(*mine).values(lease_expires_at=now() + lease_seconds))


def complete_upload(
    s: Session,
    row_id: str,
    *,
    rows: int,
    bytes: int,  # noqa: A002  (the field's name)
    sha256: str,
    columns: Sequence[dict[str, Any]],
    warnings: Sequence[dict[str, Any]],
    key: IdempotencyKey | None = None,
) -> tuple[DatasetRow, bool]:
    """Make the uploaded table a version of its name.

    Returns
    -------
    tuple of (DatasetRow, bool)
        The dataset, and whether it is new. The same content under the same name gives the existing version; the
        upload's own row is gone then, and its file is the caller's to remove.

    Raises
    ------
    Conflict
        ``upload_expired`` when the sweep took the row away meanwhile; ``idempotency_key_reused``.
    """
    row = s.scalars(
        select(DatasetRow).where(DatasetRow.id == row_id, DatasetRow.status == "uploading").with_for_update()
    ).one_or_none()
    if row is None:
        raise Conflict("upload_expired", "The upload took longer than its lease; send the table again.")
    known = None if key is None else idempotency.recall(s, row.project_id, key)
    if known is not None:  # the answer of the first time, whatever the name has come to mean since
        s.delete(row)
        s.flush()
        made, _, again = known.partition(_AGAIN)
        return s.scalars(select(DatasetRow).where(DatasetRow.id == made)).one(), not again
    lock_name(s, row.project_id, "dataset", row.name)
    same_name = (DatasetRow.project_id == row.project_id, DatasetRow.name == row.name)
    existing = s.scalars(
        select(DatasetRow)
        .where(*same_name, DatasetRow.status == "ready", DatasetRow.sha256 == sha256)
        .order_by(DatasetRow.version.desc())
        .limit(1)
    ).one_or_none()
    if existing is not None:
        s.delete(row)
        if key is not None:
            idempotency.remember(s, existing.project_id, key, f"{existing.id}{_AGAIN}200")
        s.flush()
        return existing, False
    # Deleted versions count: a number never comes to mean another table.
    newest = s.scalar(select(func.max(DatasetRow.version)).where(*same_name)) or 0
    row.version = newest + 1
    row.status, row.lease_expires_at = "ready", None
    row.rows, row.bytes, row.sha256 = rows, bytes, sha256
    row.columns, row.warnings = list(columns), list(warnings)
    if key is not None:
        idempotency.remember(s, row.project_id, key, row.id)
    s.flush()
    s.refresh(row)
    return row, True


def abandon_upload(s: Session, row_id: str) -> bool:
    """Remove the row of an upload that came to nothing.

    Returns
    -------
    bool
        Whether there is no such row any more, so that its file may go: False when the upload was complete after all,
        as after a commit whose answer was lost.
    """
    s.execute(delete_from(DatasetRow).where(DatasetRow.id == row_id, DatasetRow.status == "uploading"))
    return s.scalar(select(DatasetRow.id).where(DatasetRow.id == row_id)) is None


def resolve(s: Session, project: str, ref: str) -> DatasetRow:
    """The ready dataset that an id, a name (its newest version) or ``name@version`` means.

    Raises
    ------
    NotFound
        ``dataset_not_found``, with the nearest existing name.
    """
    row = s.scalars(_meant(project, ref).order_by(DatasetRow.version.desc()).limit(1)).one_or_none()
    if row is None:
        raise NotFound("dataset", ref, _nearest(s, project, ref))
    return row


def find(
    s: Session, project: str, *, name: str | None = None, before_id: str | None = None, limit: int = 50
) -> list[DatasetRow]:
    """Ready datasets, newest first, at most `limit`, those before `before_id` in that order."""
    query = select(DatasetRow).where(DatasetRow.project_id == project, DatasetRow.status == "ready")
    if name is not None:
        query = query.where(DatasetRow.name == name)
    if before_id is not None:
        query = query.where(DatasetRow.id < before_id)
    return list(s.scalars(query.order_by(DatasetRow.id.desc()).limit(limit)))


def delete(s: Session, project: str, ref: str) -> DatasetRow:
    """Mark a dataset deleted; after the commit the caller removes its file (`blob_key`).

    Raises
    ------
    NotFound, Conflict
        ``dataset_not_found``; ``several_versions`` for a bare name of more than one, ``dataset_in_use`` while an
        unfinished job needs it.
    """
    name = ref.partition("@")[0]
    lock_name(s, project, "dataset", name)
    # The lock makes a job's submission, which shares it, come wholly before or wholly after.
    found = list(s.scalars(_meant(project, ref).order_by(DatasetRow.version.desc()).with_for_update()))
    if not found:
        raise NotFound("dataset", ref, _nearest(s, project, ref))
    if len(found) > 1:
        versions = ", ".join(f"{name}@{row.version}" for row in found[:5])
        raise Conflict("several_versions", f"{name!r} has {len(found)} versions; name one, such as {versions}.")
    row = found[0]
    job_id = s.scalar(select(JobRow.id).where(JobRow.dataset_id == row.id, JobRow.status.in_(UNFINISHED)).limit(1))
    if job_id is not None:
        raise Conflict(
            "dataset_in_use", f"The job {job_id} still needs {row.name}@{row.version}; cancel it or wait for its end."
        )
    s.execute(update(DatasetRow).where(DatasetRow.id == row.id).values(status="deleted", deleted_at=now()))
    idempotency.forget(s, project, row.id, f"{row.id}{_AGAIN}200")
    s.flush()
    s.refresh(row)
    return row


def _meant(project: str, ref: str) -> Select[DatasetRow]:
    query = select(DatasetRow).where(DatasetRow.project_id == project, DatasetRow.status == "ready")
    if looks_like_id(ref):
        return query.where(DatasetRow.id == ref)
    name, pinned, version = ref.partition("@")
    query = query.where(DatasetRow.name == name)
    if pinned:
        # What is no number is no version, and neither is one that no column could hold.
        number = int(version) if version.isascii() and version.isdigit() and len(version) <= 9 else -1
        query = query.where(DatasetRow.version == number)
    return query


def _nearest(s: Session, project: str, ref: str) -> str | None:
    name, pinned, _ = ref.partition("@")
    query = select(DatasetRow.name, func.max(DatasetRow.version)).where(
        DatasetRow.project_id == project, DatasetRow.status == "ready"
    )
    newest = {known: version or 0 for known, version in s.execute(query.group_by(DatasetRow.name))}
    close = difflib.get_close_matches(name, list(newest), n=1)
    if not close:
        return None
    return f"{close[0]}@{newest[close[0]]}" if pinned else close[0]
