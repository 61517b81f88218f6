"""A prediction of a stored dataset, from its rows to the dataset that it leaves."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from store import registry
from store.ingest.columns import ARROW_TYPES
from store.ingest.digest import BLOCK_ROWS as DIGEST_ROWS
from store.ingest.digest import digest_of_blocks
from store.parquet import ColumnReader, columns_of
from store.space import is_full
from store.table_writer import TableWriter
from store.tables import DatasetRow
from store.upload import Upload, begun_upload
from worker.attempt import Attempt
from worker.datasets import DatasetFile, open_dataset
from worker.ending import MadeDataset
from worker.errors import JobError
from worker.result_columns import ResultColumn, free_names
from worker.row_progress import RowProgress
from worker.scoring import Scorer

logger = logging.getLogger(__name__)


class PredictionAttempt(Attempt):
    """One claim of a prediction. It has no checkpoint: the next claim begins anew, with a file of its own."""

    def do(self) -> None:
        """Write the dataset's rows with their predictions to a new file, and end the job with it."""
        job, look = self._job, self._interrupts.look
        look()
        scorer = self._scorer()
        dataset, file = open_dataset(self._database, self._runtime.files, job, scorer.names, look=look)
        with file, self._upload() as upload:
            progress = RowProgress(
                self._database,
                self._fence,
                rows=dataset.rows,
                seen_rows=job.epoch,
                report_seconds=self._settings.report_seconds,
                upload_id=upload.id,
                upload_seconds=self._settings.upload_lease_seconds,
            )
            made = self._write(dataset, file, scorer, upload, progress)
            look()
            warnings = [*job.warnings, *scorer.warnings()]
            self._finish("succeeded", dataset=made, epoch=dataset.rows, warnings=warnings)

    def _scorer(self) -> Scorer:
        job = self._job
        assert job.model_name is not None
        assert job.model_version is not None
        with self._database.read() as s:
            row = registry.get_version(s, job.project_id, job.model_name, job.model_version)
            return Scorer(row, registry.load_weights(s, row))

    def _upload(self) -> Any:
        return begun_upload(
            self._database,
            self._runtime.files,
            self._job.project_id,
            self._job.config["name"],
            lease_seconds=self._settings.upload_lease_seconds,
        )

    def _write(
        self, dataset: DatasetRow, file: DatasetFile, scorer: Scorer, upload: Upload, progress: RowProgress
    ) -> MadeDataset:
        job, files = self._job, self._runtime.files
        taken = [column["name"] for column in dataset.columns]
        names = free_names([column.name for column in scorer.columns], taken)
        added = [
            ResultColumn(column, name, f"{job.model_name}/{job.model_version}", self._settings.max_categories)
            for column, name in zip(scorer.columns, names, strict=True)
        ]
        try:
            with files.new(upload.blob_key) as path:
                _write_rows(path, dataset, file, scorer, added, progress)
                columns = [*dataset.columns, *(column.described() for column in added)]
                sha256 = _digest(path, dataset.rows, columns, self._interrupts.look, progress)
            size = files.size(upload.blob_key)
        except OSError as error:
            raise _unwritten(error) from error
        warnings = [*dataset.warnings, *(column.warning() for column in added)]
        return MadeDataset(upload.id, dataset.rows, size, sha256, columns, warnings)


def _write_rows(
    path: Path,
    dataset: DatasetRow,
    file: DatasetFile,
    scorer: Scorer,
    added: list[ResultColumn],
    progress: RowProgress,
) -> None:
    kept = [pa.field(column["name"], ARROW_TYPES[column["type"]]) for column in dataset.columns]
    with TableWriter(path, pa.schema([*kept, *(column.field for column in added)])) as writer:
        for first, table in file.whole_blocks(scorer.block_rows(len(kept))):
            outcomes = scorer.score(columns_of(table, scorer.names), first)
            for column, values in zip(added, outcomes, strict=True):
                table = table.append_column(column.field, column.add(values))
            writer.write(table)
            progress.tell(first + table.num_rows)


def _digest(
    path: Path, rows: int, columns: list[dict[str, Any]], look: Callable[[], None], progress: RowProgress
) -> str:
    """The digest of the table that was written, read again column by column."""
    with ColumnReader(path) as reader:

        def blocks(name: str) -> Iterator[Any]:
            for table in reader.whole_blocks(DIGEST_ROWS, names=[name]):
                look()
                progress.tell(rows)
                values = table.column(name)
                values = values.cast(pa.string()) if pa.types.is_dictionary(values.type) else values
                yield pa.concat_arrays(values.chunks)

        return digest_of_blocks((column["name"], column["type"], rows, blocks(column["name"])) for column in columns)


def _unwritten(error: OSError) -> JobError:
    """Why the result could not be written; what cannot be read of the dataset `DatasetFile` tells."""
    hint = "Ask whoever runs the service for room, or for storage that can be written to."
    if is_full(error):
        return JobError("out_of_disk", "The disk has no room for the result.", hint)
    logger.error("The result cannot be written", exc_info=error)
    return JobError("result_unwritable", "The file of the result could not be written.", hint)
