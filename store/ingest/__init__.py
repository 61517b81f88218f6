"""Bytes or JSON that a person sent become a typed table, or problems that say which row and column to mend."""

from store.ingest.csv_text import read_csv
from store.ingest.errors import IngestError, TableProblem
from store.ingest.json_rows import read_records, read_rows
from store.ingest.limits import Limits
from store.ingest.table import IngestedTable

__all__ = ["IngestError", "IngestedTable", "Limits", "TableProblem", "read_csv", "read_records", "read_rows"]
