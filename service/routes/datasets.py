"""Datasets: uploaded, listed, read, downloaded, deleted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from flask import Response, request

from service.answers import json_answer, no_content
from service.blueprints import blueprint
from service.idempotency_header import KeyHeader, key_of
from service.pages import a_count, an_id, invalid_cursor, page, read_cursor, write_cursor
from service.parts import parts, project
from service.schemas.base import PageQuery
from service.schemas.datasets import (
    DatasetAnswer,
    DatasetPage,
    DatasetPath,
    DatasetsQuery,
    DownloadQuery,
    RowPage,
    UploadQuery,
)
from service.store_problems import check_reference, placed
from service.uploads import UPLOAD_BODY, read_upload
from store import datasets, parquet
from store.clock import rfc3339
from store.errors import NotFound
from store.tables import DatasetRow
from store.upload import store_dataset

routes = blueprint("datasets", __name__, "Datasets")
_CHUNK_BYTES = 1 << 20


def dataset_answer(row: DatasetRow) -> dict[str, Any]:
    """The dataset as JSON."""
    return {
        "id": row.id,
        "name": row.name,
        "version": row.version,
        "rows": row.rows,
        "columns": row.columns,
        "warnings": [{"column": None, **warning} for warning in row.warnings],
        "bytes": row.bytes,
        "sha256": row.sha256,
        "created_at": rfc3339(row.created_at),
    }


@routes.post(
    "/datasets",
    responses={200: DatasetAnswer, 201: DatasetAnswer},
    openapi_extensions={"requestBody": UPLOAD_BODY},
)
def upload_dataset(header: KeyHeader, query: UploadQuery) -> Response:
    """Upload a table as CSV, multipart form or JSON."""
    p = parts()
    key = key_of(header.key)
    name, table = read_upload(request, query.name, p.settings)
    with placed(others={"idempotency_key_reused": {"parameter": "Idempotency-Key"}}):
        row, created = store_dataset(p.database, p.files, project(), name, table, p.settings, key=key)
    return json_answer(dataset_answer(row), 201 if created else 200, {"Location": f"/datasets/{row.id}"})


@routes.get("/datasets", responses={200: DatasetPage})
def list_datasets(query: DatasetsQuery) -> Response:
    """Datasets, newest first."""
    before = read_cursor(query.cursor, an_id)
    if query.name is not None:
        with placed(parameter="name"):
            check_reference("dataset", query.name)
    with parts().database.read() as s:
        rows = datasets.find(s, project(), name=query.name, before_id=before, limit=query.limit + 1)
        if query.name is not None and not rows and before is None:
            with placed(parameter="name"):
                datasets.resolve(s, project(), query.name)
    return json_answer(page(rows, query.limit, dataset_answer, lambda row: row.id))


@routes.get("/datasets/<dataset>", responses={200: DatasetAnswer})
def show_dataset(path: DatasetPath) -> Response:
    """One dataset."""
    return json_answer(dataset_answer(_resolve(path)))


@routes.get("/datasets/<dataset>/rows", responses={200: RowPage})
def list_rows(path: DatasetPath, query: PageQuery) -> Response:
    """Rows of a dataset, in their order, as objects; a missing value is null."""
    row = _resolve(path)
    of, start = read_cursor(query.cursor, an_id, a_count) or (row.id, 0)
    if of != row.id:
        raise invalid_cursor()
    with _open(row) as file:
        items = parquet.rows(file, start, query.limit)
    after = start + len(items)
    return json_answer({"items": items, "next_cursor": write_cursor([row.id, after]) if after < row.rows else None})


@routes.get(
    "/datasets/<dataset>/download",
    responses={
        200: {
            "description": "The table.",
            "content": {
                "text/csv": {"schema": {"type": "string"}},
                "application/vnd.apache.parquet": {"schema": {"type": "string", "format": "binary"}},
            },
        }
    },
)
def download_dataset(path: DatasetPath, query: DownloadQuery) -> Response:
    """The whole table as a file."""
    row = _resolve(path)
    file = _open(row)
    media = "text/csv; charset=utf-8" if query.format == "csv" else "application/vnd.apache.parquet"
    headers = {"Content-Disposition": f'attachment; filename="{row.name}-{row.version}.{query.format}"'}
    if query.format == "parquet":
        headers["Content-Length"] = str(file.size())
    response = Response(_pieces(file, query.format), 200, headers, content_type=media)
    response.call_on_close(file.close)  # also where no piece was asked for, as by HEAD
    return response


@routes.delete("/datasets/<dataset>", responses={204: None})
def delete_dataset(path: DatasetPath) -> Response:
    """Delete one version of a dataset; refused while an unfinished job needs it."""
    check_reference("dataset", path.dataset)
    with parts().database.write() as s:
        row = datasets.delete(s, project(), path.dataset)
    parts().files.delete(row.blob_key)
    return no_content()


def _resolve(path: DatasetPath) -> DatasetRow:
    check_reference("dataset", path.dataset)
    with parts().database.read() as s:
        return datasets.resolve(s, project(), path.dataset)


def _open(row: DatasetRow) -> Any:
    try:
        return parts().files.open(row.blob_key)
    except FileNotFoundError:  # deleted a moment ago
        raise NotFound("dataset", row.id) from None


def _pieces(file: Any, form: str) -> Iterator[bytes]:
    with closing(file):
        if form == "csv":
            yield from parquet.to_csv(file)
            return
        while piece := file.read(_CHUNK_BYTES):
            yield piece
