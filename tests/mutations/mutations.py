"""The mutations: a line that guards something, what it becomes, and which tests should notice."""

from __future__ import annotations

from dataclasses import dataclass

LEASES = "tests/unit/store/test_leases.py"
CHECKPOINTS = "tests/unit/store/test_checkpoints.py"
SWEEP = "tests/unit/store/test_sweep.py"
ENCODING = "tests/unit/core/test_encoding.py"


@dataclass(frozen=True)
class Mutation:
    """One guard taken out.

    Attributes
    ----------
    name : str
        What no longer holds.
    file : str
    before, after : str
        `before` stands exactly once in the file.
    tests : str
        What is run against it, and must fail.
    """

    name: str
    file: str
    before: str
    after: str
    tests: str


MUTATIONS = (
    Mutation(
        "a claim takes a job that is not queued",
        "store/leases.py",
        '.where(JobRow.id == job_id, JobRow.status == "queued")\n        .values(\n            status="running"',
        '.where(JobRow.id == job_id)\n        .values(\n            status="running"',
        LEASES,
    ),
    Mutation(
        "a claim does not raise the token",
        "store/leases.py",
        "token=JobRow.token + 1,\n            lease",
        "lease",
        LEASES,
    ),
    Mutation(
        "a claim sets no lease",
        "store/leases.py",
        "lease_expires_at=now() + lease_seconds,\n            worker",
        "worker",
        LEASES,
    ),
    Mutation("a claim keeps the last one's progress", "store/leases.py", "            advanced=False,\n", "", LEASES),
    Mutation(
        "the fence does not look at the token",
        "store/leases.py",
        "update(JobRow)\n        .where(JobRow.id == fence.job_id, JobRow.token == fence.token, JobRow.status",
        "update(JobRow)\n        .where(JobRow.id == fence.job_id, JobRow.status",
        LEASES,
    ),
    Mutation(
        "the fence does not look at the status",
        "store/leases.py",
        'JobRow.token == fence.token, JobRow.status == "running")\n        .values(**values)',
        "JobRow.token == fence.token)\n        .values(**values)",
        LEASES,
    ),
    Mutation(
        "a write that the fence refused goes on",
        "store/leases.py",
        "    if changed is None:\n        raise LeaseLost",
        "    if False:\n        raise LeaseLost",
        LEASES,
    ),
    Mutation(
        "a lease never expires",
        "store/leases.py",
        'JobRow.status == "running", JobRow.lease_expires_at < now())\n        .order_by',
        'JobRow.status == "running", JobRow.lease_expires_at < 0)\n        .order_by',
        LEASES,
    ),
    Mutation(
        "a lease in force is taken back",
        "store/leases.py",
        '        JobRow.status == "running",\n        JobRow.lease_expires_at < now(),\n',
        '        JobRow.status == "running",\n',
        LEASES,
    ),
    Mutation(
        "taking back leaves the token",
        "store/leases.py",
        ".values(token=JobRow.token + 1, attempts=attempts,",
        ".values(attempts=attempts, status='running',",
        LEASES,
    ),
    Mutation(
        "every attempt counts",
        "store/leases.py",
        "attempts = row.attempts + (0 if row.advanced else 1)",
        "attempts = row.attempts + 1",
        LEASES,
    ),
    Mutation(
        "an old epoch is progress", "store/leases.py", "or_(JobRow.advanced, JobRow.epoch < epoch)", "True", LEASES
    ),
    Mutation("no attempt counts", "store/leases.py", "(0 if row.advanced else 1)", "0", LEASES),
    Mutation(
        "a heartbeat does not push the lease out", "store/leases.py", "now() + lease_seconds)\n", "now())\n", LEASES
    ),
    Mutation(
        "a job is published again within its lease",
        "store/messages.py",
        "(JobRow.published_at < now() - lease_seconds)",
        "(JobRow.published_at < now() + 1)",
        "tests/unit/store/test_messages.py",
    ),
    Mutation(
        "the end of a job leaves its checkpoint",
        "store/leases.py",
        "    s.execute(delete(CheckpointBlobRow).where(CheckpointBlobRow.job_id == fence.job_id))\n\n\ndef expired",
        "\n\ndef expired",
        LEASES,
    ),
    Mutation(
        "a stale worker names its checkpoint",
        "store/checkpoints.py",
        "    fenced(s, fence, checkpoint_id=blob_id, advanced=True)\n",
        "    s.query(JobRow).filter_by(id=fence.job_id).update({'checkpoint_id': blob_id})\n",
        CHECKPOINTS,
    ),
    Mutation(
        "a checkpoint's bytes are not checked",
        "store/checkpoints.py",
        "hashlib.sha256(blob.data).hexdigest() != blob.sha256",
        "False",
        CHECKPOINTS,
    ),
    Mutation(
        "the sweep takes checkpoints in force",
        "store/checkpoints.py",
        ".where(~named, CheckpointBlobRow",
        ".where(CheckpointBlobRow",
        CHECKPOINTS,
    ),
    Mutation(
        "the sweep takes work in progress",
        "store/checkpoints.py",
        ".where(~named, CheckpointBlobRow.created_at < now() - older_than_seconds)",
        ".where(~named)",
        CHECKPOINTS,
    ),
    Mutation(
        "the sweep takes the files of datasets",
        "store/sweep.py",
        "owner(name) in owned or written_at > oldest_kept",
        "written_at > oldest_kept",
        SWEEP,
    ),
    Mutation(
        "the sweep takes files that are being written",
        "store/sweep.py",
        "owner(name) in owned or written_at > oldest_kept",
        "owner(name) in owned",
        SWEEP,
    ),
    Mutation(
        "the sweep takes the rows of uploads in progress",
        "store/sweep.py",
        'DatasetRow.status == "uploading", DatasetRow.lease_expires_at < now() - orphan_seconds',
        'DatasetRow.status == "uploading"',
        SWEEP,
    ),
    Mutation(
        "the sweep spares the files of deleted datasets",
        "store/sweep.py",
        '.where(DatasetRow.status != "deleted")',
        "",
        SWEEP,
    ),
    Mutation(
        "numbers are not clipped",
        "core/encoding.py",
        "            np.minimum(z, limit, out=z)\n",
        "",
        ENCODING,
    ),
    Mutation(
        "numbers are not divided by their deviation",
        "core/encoding.py",
        "            z /= scales\n",
        "",
        ENCODING,
    ),
    Mutation(
        "a fingerprint does not say which form of a step trains",
        "worker/fingerprint.py",
        '"engine": engine,',
        '"engine": "numpy",',
        "tests/unit/worker/test_fingerprint.py",
    ),
    Mutation(
        "an activation's slope is forgotten by a fast form",
        "core/engine/activations.py",
        "        bind(np.bitwise_and, g.view(integer), mask, delta.view(integer)),",
        "        bind(np.copyto, delta, g),",
        "tests/unit/core/engine/test_same_function.py",
    ),
    Mutation(
        "a missing number stays one",
        "core/encoding.py",
        "            z[np.isnan(z)] = 0.0",
        "            z[np.isnan(z)] = 1.0",
        ENCODING,
    ),
    Mutation(
        "a missing number is not indicated",
        "core/features.py",
        "X[:, start + 1] = missing",
        "X[:, start + 1] = 0",
        ENCODING,
    ),
    Mutation(
        "a constant category is encoded", "core/features.py", "if not feature.constant:\n", "if True:\n", ENCODING
    ),
    Mutation(
        "a constant number is not named",
        "core/features.py",
        '"number", scale == 0, mean',
        '"number", False, mean',
        ENCODING,
    ),
    Mutation(
        "a missing category has no level",
        "core/features.py",
        "missing_level = bool(column.missing.any())",
        "missing_level = False",
        ENCODING,
    ),
)
