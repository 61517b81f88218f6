"""What a training says beside its metrics: the folds of a job, the importances of a version's features."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("cross_validation", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("model_versions", sa.Column("importances", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    op.drop_column("model_versions", "importances")
    op.drop_column("jobs", "cross_validation")
