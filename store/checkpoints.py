"""Checkpoints: bytes written first, then named by one short fenced transaction."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete, exists
from sqlalchemy.orm import Session

from store.clock import now
from store.errors import Corrupt
from store.ids import new_id
from store.leases import Fence, fenced
from store.tables import CheckpointBlobRow, JobRow


def write_blob(s: Session, project: str, job_id: str, data: bytes) -> str:
    """Store a checkpoint's bytes under a new id, in a transaction of its own; nothing refers to them yet."""
    blob = CheckpointBlobRow(
        id=new_id("ckpt"), project_id=project, job_id=job_id, sha256=hashlib.sha256(data).hexdigest(), data=data
    )
    s.add(blob)
    s.flush()
    return blob.id


def name_checkpoint(s: Session, fence: Fence, blob_id: str) -> None:
    """Make the blob the job's checkpoint and drop the ones before it.

    Raises
    ------
    LeaseLost
        When the claim is void; the checkpoint in force stays.
    """
    fenced(s, fence, checkpoint_id=blob_id, advanced=True)
    s.execute(
        delete(CheckpointBlobRow).where(CheckpointBlobRow.job_id == fence.job_id, CheckpointBlobRow.id != blob_id)
    )


def load_checkpoint(s: Session, job: JobRow) -> bytes | None:
    """The bytes of the job's checkpoint; None where it has none.

    Raises
    ------
    Corrupt
        When the bytes are gone or not the ones that were written.
    """
    if job.checkpoint_id is None:
        return None
    blob = s.get(CheckpointBlobRow, job.checkpoint_id)
    if blob is None or hashlib.sha256(blob.data).hexdigest() != blob.sha256:
        raise Corrupt(f"The checkpoint of job {job.id} is not what was written.")
    return blob.data


def sweep_checkpoints(s: Session, older_than_seconds: float) -> int:
    """Remove blobs that no job names and that are old enough to be nobody's work in progress."""
    named = exists().where(JobRow.checkpoint_id == CheckpointBlobRow.id)
    gone = s.execute(
        delete(CheckpointBlobRow)
        .where(~named, CheckpointBlobRow.created_at < now() - older_than_seconds)
        .returning(CheckpointBlobRow.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(gone)
