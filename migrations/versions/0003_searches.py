"""Searches of hyper-parameters: trials as jobs, what a pruner looks at, the version that a search may publish."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("search_id", sa.String(255), nullable=True))
    op.add_column("jobs", sa.Column("trial", sa.Integer(), nullable=True))
    op.add_column("jobs", sa.Column("trial_value", sa.Double(), nullable=True))
    op.create_index("ix_jobs_search_id_trial", "jobs", ["search_id", "trial"], unique=True)
    op.create_table(
        "trial_values",
        sa.Column("job_id", sa.String(255), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.String(255), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "epoch", name="pk_trial_values"),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name="fk_trial_values_job_id_jobs", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_trial_values_project_id_projects"),
    )
    op.create_table(
        "candidates",
        sa.Column("search_id", sa.String(255), nullable=False),
        sa.Column("project_id", sa.String(255), nullable=False),
        sa.Column("weights_id", sa.String(255), nullable=False),
        sa.Column("version", sa.JSON(none_as_null=True), nullable=False),
        sa.PrimaryKeyConstraint("search_id", name="pk_candidates"),
        sa.ForeignKeyConstraint(["search_id"], ["jobs.id"], name="fk_candidates_search_id_jobs", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_candidates_project_id_projects"),
        sa.ForeignKeyConstraint(["weights_id"], ["weights.id"], name="fk_candidates_weights_id_weights"),
        sa.UniqueConstraint("weights_id", name="uq_candidates_weights_id"),
    )


def downgrade() -> None:
    op.drop_table("candidates")
    op.drop_table("trial_values")
    op.drop_index("ix_jobs_search_id_trial", "jobs")
    op.drop_column("jobs", "trial_value")
    op.drop_column("jobs", "trial")
    op.drop_column("jobs", "search_id")
