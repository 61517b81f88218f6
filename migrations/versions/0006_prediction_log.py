"""The log of predictions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "prediction_log",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("project_id", sa.String(255), nullable=False),
        sa.Column("model_name", sa.String(255), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("inputs", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("outputs", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_prediction_log"),
        sa.ForeignKeyConstraint(
            ["project_id", "model_name"],
            ["models.project_id", "models.name"],
            name="fk_prediction_log_project_id_models",
        ),
    )
    op.create_index("ix_prediction_log_made_at", "prediction_log", ["made_at"])
    op.create_index("ix_prediction_log_project_id_model_name_id", "prediction_log", ["project_id", "model_name", "id"])


def downgrade() -> None:
    op.drop_table("prediction_log")
