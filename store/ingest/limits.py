"""How large a table may be."""

from __future__ import annotations

from dataclasses import dataclass

from store.settings import Settings


@dataclass(frozen=True)
class Limits:
    """Bounds of one table; the defaults are those of `store.settings.Settings`.

    Parameters
    ----------
    max_rows, max_columns : int
        Of the table.
    max_cell_characters : int
        Of one cell.
    max_categories : int
        Distinct values of a category column that is a feature.
    """

    max_rows: int = 10_000_000
    max_columns: int = 10_000
    max_cell_characters: int = 65_536
    max_categories: int = 1000

    @classmethod
    def of(cls, settings: Settings) -> Limits:
        """The limits that the settings give."""
        return cls(settings.max_rows, settings.max_columns, settings.max_cell_characters, settings.max_categories)
