"""Addresses that an answer offers, such as a prediction of a real row that opens in a browser."""

from __future__ import annotations

import csv
import io
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any
from urllib.parse import quote, urlencode

from store import datasets, parquet, registry
from store.database import Database
from store.errors import NotFound
from store.files import FileStore
from store.tables import JobRow

logger = logging.getLogger(__name__)

_KEPT = 1000


class Links:
    """Makes the links of jobs, and keeps those that cannot change."""

    def __init__(self, database: Database, files: FileStore, *, max_address_bytes: int) -> None:
        self._database = database
        self._files = files
        self._max_address_bytes = max_address_bytes
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def of_job(self, row: JobRow) -> dict[str, str | None]:
        """Where the job's parts are; ``predict`` once there is a version."""
        base = f"/jobs/{row.id}"
        links: dict[str, str | None] = {
            "self": base,
            "history": f"{base}/history",
            "events": f"{base}/events",
            "dataset": f"/datasets/{row.dataset_id}",
        }
        if row.kind == "search":
            links["trials"] = f"{base}/trials"
        if row.result_id is not None:
            links["result"] = f"/datasets/{row.result_id}"
        if row.search_id is not None:
            links["search"] = f"/jobs/{row.search_id}"
        if row.model_name is not None:
            links["model"] = f"/models/{quote(row.model_name)}"
            links["predict"] = self._predict(row) if row.model_version is not None else None
        return links

    def _predict(self, row: JobRow) -> str | None:
        with self._lock:
            if row.id in self._kept:
                return self._kept[row.id]
        address = self._make(row)
        if address is not None:
            with self._lock:
                self._kept[row.id] = address
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return address

    def _make(self, row: JobRow) -> str | None:
        assert row.model_name is not None
        assert row.model_version is not None
        try:
            with self._database.read() as s:
                version = registry.get_version(s, row.project_id, row.model_name, row.model_version)
                dataset = datasets.resolve(s, row.project_id, row.dataset_id)
            with self._files.open(dataset.blob_key) as file:
                first = parquet.rows(file, 0, 1)[0]
        except (NotFound, FileNotFoundError):
            return None  # the version or the dataset is gone
        except OSError:
            logger.warning("The dataset %s could not be read for a link.", row.dataset_id, exc_info=True)
            return None
        return predict_address(
            row.model_name, row.model_version, version.schema["features"], first, most_bytes=self._max_address_bytes
        )


def predict_address(
    model: str, version: int, features: Sequence[Mapping[str, Any]], row: Mapping[str, Any], *, most_bytes: int
) -> str | None:
    """A `GET /predict` of the row: by name, as one record where that is too long, None where that is too."""
    pinned = [("model", model), ("version", str(version))]
    values = [(feature["query_name"], as_text(row[feature["name"]])) for feature in features]
    address = "/predict?" + urlencode([*pinned, *values])
    if len(address) <= most_bytes:
        return address
    record = io.StringIO()
    csv.writer(record, lineterminator="").writerow([text for _, text in values])
    address = "/predict?" + urlencode([*pinned, ("x", record.getvalue())], safe=",")
    return address if len(address) <= most_bytes else None


def as_text(value: Any) -> str:
    """A JSON value as a parameter's text; a missing one is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)
