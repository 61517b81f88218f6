"""The first tables: projects, datasets, jobs, their histories, the registry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _clock() -> sa.TextClause:
    """Seconds since the epoch by the database's clock, as this revision knew it."""
    if op.get_context().dialect.name == "sqlite":
        return sa.text("((julianday('now') - 2440587.5) * 86400.0)")
    return sa.text("(extract(epoch from clock_timestamp())::double precision)")


def upgrade() -> None:
    clock = _clock()
    op.create_table(
        "projects",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.Double(), server_default=clock, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
    )
    op.execute(sa.text("INSERT INTO projects (id) VALUES ('default')"))
    op.create_table(
        "datasets",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("lease_expires_at", sa.Double(), nullable=True),
        sa.Column("blob_key", sa.String(length=255), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("columns", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("warnings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.Double(), server_default=clock, nullable=False),
        sa.Column("deleted_at", sa.Double(), nullable=True),
        sa.CheckConstraint("status IN ('uploading', 'ready', 'deleted')", name=op.f("ck_datasets_status")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_datasets_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
        sa.UniqueConstraint("project_id", "name", "version", name=op.f("uq_datasets_project_id_name_version")),
    )
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_datasets_project_id_status_id"), ["project_id", "status", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_datasets_status_lease_expires_at"), ["status", "lease_expires_at"], unique=False
        )

    op.create_table(
        "idempotency_keys",
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("route", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("resource_id", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.Double(), server_default=clock, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_idempotency_keys_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", "route", "key", name=op.f("pk_idempotency_keys")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False)

    op.create_table(
        "jobs",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("config", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("dataset_id", sa.String(length=255), nullable=False),
        sa.Column("dataset_name", sa.String(length=255), nullable=False),
        sa.Column("dataset_version", sa.Integer(), nullable=False),
        sa.Column("dataset_sha256", sa.String(length=64), nullable=False),
        sa.Column("model_name", sa.String(length=255), nullable=True),
        sa.Column("retry_of", sa.String(length=255), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("lease_expires_at", sa.Double(), nullable=True),
        sa.Column("published_at", sa.Double(), nullable=True),
        sa.Column("worker", sa.String(length=255), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("advanced", sa.Boolean(), nullable=False),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("cancel_keep", sa.String(length=8), nullable=True),
        sa.Column("checkpoint_id", sa.String(length=255), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("epochs", sa.Integer(), nullable=False),
        sa.Column("best_epoch", sa.Integer(), nullable=True),
        sa.Column("samples_per_second", sa.Double(), nullable=True),
        sa.Column("eta_seconds", sa.Double(), nullable=True),
        sa.Column("warnings", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("fingerprint", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("bit_identical", sa.Boolean(), nullable=False),
        sa.Column("error", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("model_version", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.Double(), server_default=clock, nullable=False),
        sa.Column("started_at", sa.Double(), nullable=True),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.CheckConstraint("kind IN ('train', 'predict', 'search')", name=op.f("ck_jobs_kind")),
        sa.CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name=op.f("ck_jobs_status")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_jobs_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_jobs_dataset_id_status"), ["dataset_id", "status"], unique=False)
        batch_op.create_index(batch_op.f("ix_jobs_project_id_id"), ["project_id", "id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_jobs_project_id_model_name_id"), ["project_id", "model_name", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_jobs_status_lease_expires_at"), ["status", "lease_expires_at"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_jobs_status_published_at"), ["status", "published_at"], unique=False)

    op.create_table(
        "models",
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("task", sa.String(length=255), nullable=False),
        sa.Column("target", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("next_version", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.Double(), nullable=True),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.Double(), server_default=clock, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_models_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", "name", name=op.f("pk_models")),
    )
    op.create_table(
        "weights",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Double(), server_default=clock, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_weights_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weights")),
    )
    with op.batch_alter_table("weights", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_weights_created_at"), ["created_at"], unique=False)

    op.create_table(
        "alias_moves",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("model_name", sa.String(length=255), nullable=False),
        sa.Column("alias", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("moved_at", sa.Double(), server_default=clock, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "model_name"],
            ["models.project_id", "models.name"],
            name=op.f("fk_alias_moves_project_id_model_name_models"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alias_moves")),
    )
    with op.batch_alter_table("alias_moves", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_alias_moves_project_id_model_name_alias_id"),
            ["project_id", "model_name", "alias", "id"],
            unique=False,
        )

    op.create_table(
        "checkpoint_blobs",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("job_id", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.Double(), server_default=clock, nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_checkpoint_blobs_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_checkpoint_blobs_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkpoint_blobs")),
    )
    with op.batch_alter_table("checkpoint_blobs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_checkpoint_blobs_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_checkpoint_blobs_job_id"), ["job_id"], unique=False)

    op.create_table(
        "epoch_reports",
        sa.Column("job_id", sa.String(length=255), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("train_loss", sa.Double(), nullable=False),
        sa.Column("validation_loss", sa.Double(), nullable=True),
        sa.Column("train_score", sa.Double(), nullable=True),
        sa.Column("validation_score", sa.Double(), nullable=True),
        sa.Column("learning_rate", sa.Double(), nullable=False),
        sa.Column("gradient_norm", sa.Double(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_epoch_reports_job_id_jobs"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_epoch_reports_project_id_projects")),
        sa.PrimaryKeyConstraint("job_id", "epoch", name=op.f("pk_epoch_reports")),
    )
    op.create_table(
        "model_versions",
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("model_name", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("job_id", sa.String(length=255), nullable=True),
        sa.Column("weights_id", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("parameters", sa.BigInteger(), nullable=False),
        sa.Column("network", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("encoding", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("target_encoding", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("schema", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("config", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("metrics", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("best_epoch", sa.Integer(), nullable=True),
        sa.Column("dataset", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("tags", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("created_at", sa.Double(), server_default=clock, nullable=False),
        sa.CheckConstraint("source IN ('trained', 'kept', 'imported', 'trial')", name=op.f("ck_model_versions_source")),
        sa.ForeignKeyConstraint(
            ["project_id", "model_name"],
            ["models.project_id", "models.name"],
            name=op.f("fk_model_versions_project_id_model_name_models"),
        ),
        sa.ForeignKeyConstraint(["weights_id"], ["weights.id"], name=op.f("fk_model_versions_weights_id_weights")),
        sa.PrimaryKeyConstraint("project_id", "model_name", "version", name=op.f("pk_model_versions")),
        sa.UniqueConstraint("job_id", name=op.f("uq_model_versions_job_id")),
        sa.UniqueConstraint("weights_id", name=op.f("uq_model_versions_weights_id")),
    )
    op.create_table(
        "aliases",
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("model_name", sa.String(length=255), nullable=False),
        sa.Column("alias", sa.String(length=255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.Double(), server_default=clock, nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id", "model_name", "version"],
            ["model_versions.project_id", "model_versions.model_name", "model_versions.version"],
            name=op.f("fk_aliases_project_id_model_name_version_model_versions"),
        ),
        sa.PrimaryKeyConstraint("project_id", "model_name", "alias", name=op.f("pk_aliases")),
    )


def downgrade() -> None:
    op.drop_table("aliases")
    op.drop_table("model_versions")
    op.drop_table("epoch_reports")
    with op.batch_alter_table("checkpoint_blobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_checkpoint_blobs_job_id"))
        batch_op.drop_index(batch_op.f("ix_checkpoint_blobs_created_at"))

    op.drop_table("checkpoint_blobs")
    with op.batch_alter_table("alias_moves", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_alias_moves_project_id_model_name_alias_id"))

    op.drop_table("alias_moves")
    with op.batch_alter_table("weights", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_weights_created_at"))

    op.drop_table("weights")
    op.drop_table("models")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_jobs_status_published_at"))
        batch_op.drop_index(batch_op.f("ix_jobs_status_lease_expires_at"))
        batch_op.drop_index(batch_op.f("ix_jobs_project_id_model_name_id"))
        batch_op.drop_index(batch_op.f("ix_jobs_project_id_id"))
        batch_op.drop_index(batch_op.f("ix_jobs_dataset_id_status"))

    op.drop_table("jobs")
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotency_keys_created_at"))

    op.drop_table("idempotency_keys")
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_datasets_status_lease_expires_at"))
        batch_op.drop_index(batch_op.f("ix_datasets_project_id_status_id"))

    op.drop_table("datasets")
    op.drop_table("projects")
