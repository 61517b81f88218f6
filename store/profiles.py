"""The profile of the rows that a version was trained on; imported versions, and older ones, have none."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.registry_tables import ModelVersionRow


def load_profile(s: Session, project: str, model: str, version: int) -> dict[str, Any] | None:
    """The profile; None where the version has none, or is not there."""
    return s.scalar(
        select(ModelVersionRow.profile).where(
            ModelVersionRow.project_id == project,
            ModelVersionRow.model_name == model,
            ModelVersionRow.version == version,
        )
    )
