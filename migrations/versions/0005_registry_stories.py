"""What the registry tells of itself: why an alias moved, what a version was made with, a log of a model's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A move that the code before this one writes is a plain one for all that it says.
    op.add_column("alias_moves", sa.Column("kind", sa.String(255), nullable=False, server_default="move"))
    op.add_column("alias_moves", sa.Column("reason", sa.Text(), nullable=True))
    op.add_column("model_versions", sa.Column("lineage", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("models", sa.Column("log_sample", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("models", "log_sample")
    op.drop_column("model_versions", "lineage")
    op.drop_column("alias_moves", "reason")
    op.drop_column("alias_moves", "kind")
