"""The dataset that a prediction of a stored dataset made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("jobs", sa.Column("result_id", sa.String(255), nullable=True))


def downgrade() -> None:
    op.drop_column("jobs", "result_id")
