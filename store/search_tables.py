"""The tables of searches beside their jobs: what a pruner looks at, and the network that may be published."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from store.base import Base
from store.registry_tables import WeightsRow
from store.tables import JobRow, ProjectRow

__all__ = ["Base", "CandidateRow", "TrialValueRow"]


class TrialValueRow(Base):
    """The best value that a trial had by an epoch at which its search's pruner looked at it."""

    __tablename__ = "trial_values"
    job_id: Mapped[str] = mapped_column(ForeignKey(JobRow.id, ondelete="CASCADE"), primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey(ProjectRow.id))
    value: Mapped[float]


class CandidateRow(Base):
    """The network of a search's best trial so far: the version that the search publishes when it ends."""

    __tablename__ = "candidates"
    search_id: Mapped[str] = mapped_column(ForeignKey(JobRow.id, ondelete="CASCADE"), primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey(ProjectRow.id))
    weights_id: Mapped[str] = mapped_column(ForeignKey(WeightsRow.id), unique=True)
    version: Mapped[dict[str, Any]]  # all else of `store.registry.NewVersion`
