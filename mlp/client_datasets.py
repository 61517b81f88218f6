"""The client's methods about datasets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from mlp import asking
from mlp.answers import Dataset
from mlp.connection import Connection, quote

_CONTENT_TYPES = {
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.file",
}


class DatasetMethods:
    """Upload, look at, fetch and delete tables."""

    _connection: Connection

    def upload(self, source: Any, name: str | None = None) -> Dataset:
        """Upload a table.

        Parameters
        ----------
        source : str, Path, bytes, or rows
            A file (CSV; Parquet and Arrow by suffix), the bytes of a CSV, a list of records, a mapping of column name
            to values, or a data frame.
        name : str or None
            The dataset's name; a file's own, without its suffix, when None.

        Raises
        ------
        BadRequest, Unacceptable
            The table is not one, or not one that can be kept; ``errors`` has row and column.
        ValueError
            No name, and none to be taken from a file.
        OSError
            The file cannot be read.
        """
        if isinstance(source, str | Path):
            path = Path(source)
            headers = {"Content-Type": _CONTENT_TYPES.get(path.suffix.lower(), "text/csv")}
            with path.open("rb") as file:
                params = {"name": name or path.stem}
                answer = self._connection.json("POST", "/datasets", params=params, content=file, headers=headers)
            return cast(Dataset, answer)
        if name is None:
            raise ValueError("A table that does not come from a file needs a name.")
        if isinstance(source, bytes):
            headers = {"Content-Type": "text/csv"}
            params = {"name": name}
            answer = self._connection.json("POST", "/datasets", params=params, content=source, headers=headers)
            return cast(Dataset, answer)
        table = asking.plain(source)
        document: dict[str, Any]
        if isinstance(table, Mapping):
            columns = {str(key): asking.plain(values) for key, values in table.items()}
            document = {"columns": list(columns), "rows": [list(row) for row in zip(*columns.values(), strict=True)]}
        else:
            document = {"records": list(table)}
        return cast(Dataset, self._connection.json("POST", "/datasets", json={"name": name, **document}))

    def datasets(self) -> Iterator[Dataset]:
        """All datasets, newest first."""
        return self._connection.items("/datasets", {})

    def dataset(self, dataset: str) -> Dataset:
        """One dataset: its columns, their types, roles and statistics."""
        return cast(Dataset, self._connection.json("GET", f"/datasets/{quote(dataset)}"))

    def rows(self, dataset: str) -> Iterator[dict[str, Any]]:
        """The rows of a dataset, in order."""
        return self._connection.items(f"/datasets/{quote(dataset)}/rows", {})

    def download(self, dataset: str, form: str = "csv") -> bytes:
        """A dataset's table as the bytes of a ``csv`` or ``parquet`` file."""
        path = f"/datasets/{quote(dataset)}/download"
        return self._connection.request("GET", path, params={"format": form}).content

    def delete_dataset(self, dataset: str) -> None:
        """Delete a dataset; `mlp.Conflict` while an unfinished job needs it."""
        self._connection.json("DELETE", f"/datasets/{quote(dataset)}")
