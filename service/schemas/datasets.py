"""Datasets: how they are asked for and shown."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from service.schemas.base import Answer, Cursor, Limit, Name, Path, Query

ColumnType = Literal["number", "integer", "boolean", "category"]


class DatasetPath(Path):
    """A dataset by id, name or name@version."""

    dataset: str = Field(description="Id, name (its newest version), or `name@version`.")


class UploadQuery(Query):
    """The name of a CSV upload; in the other forms the name stands in the body."""

    name: Name | None = Field(None, description="Name of the dataset, for a `text/csv` body.")


class DatasetsQuery(Query):
    """Which datasets."""

    limit: Limit = 50
    cursor: Cursor = None
    name: Name | None = Field(None, description="Only the versions of this name.")


class DownloadQuery(Query):
    """In which form."""

    format: Literal["csv", "parquet"] = "csv"


class TableWarning(Answer):
    """Something that the uploader should know."""

    code: str
    column: str | None = None
    detail: str


class ColumnAnswer(Answer):
    """One column: its type, its part in training, its statistics."""

    name: str
    type: ColumnType
    role: Literal["feature", "ignored"]
    missing: int
    min: float | None = None
    max: float | None = None
    mean: float | None = None
    std: float | None = None
    categories: list[str] | None = None
    query_name: str = Field(description="The parameter that means it in `GET /predict`.")


class DatasetAnswer(Answer):
    """A dataset: one version of an uploaded table."""

    id: str
    name: str
    version: int
    rows: int
    columns: list[ColumnAnswer]
    warnings: list[TableWarning]
    bytes: int
    sha256: str
    created_at: str


class DatasetPage(Answer):
    """A page of datasets, newest first."""

    items: list[DatasetAnswer]
    next_cursor: str | None


class RowPage(Answer):
    """A page of a dataset's rows, in their order."""

    items: list[dict[str, Any]]
    next_cursor: str | None
