"""The metrics of several versions as a table: a line for each metric, a column for each version that has room."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from mlp.answers import Comparison

_NAME_WIDTH = 26
_WITH_DIFFERENCE = 18
_VALUE_ONLY = 9


def comparison_table(comparison: Comparison, *, width: int) -> Table:
    """The newest versions side by side, the best values in bold, differences to the reference where they have room."""
    room = max(_VALUE_ONLY, width - _NAME_WIDTH)
    versions = comparison["versions"]
    wide = len(versions) * _WITH_DIFFERENCE <= room
    shown = versions[: room // (_WITH_DIFFERENCE if wide else _VALUE_ONLY)]
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("metric", overflow="fold")
    reference = (comparison["reference"] or {}).get("version")
    for version in shown:
        mark = "*" if version["version"] == reference else ""
        table.add_column(
            f"version {version['version']}{mark}" if wide else f"{version['version']}{mark}", justify="right"
        )
    for metric in comparison["metrics"]:
        values = {each["version"]: each for each in metric["values"]}
        if any(each["value"] is not None for each in values.values()):
            cells = [_cell(values[each["version"]], metric["best"], wide=wide) for each in shown]
            table.add_row(Text(metric["metric"]), *cells)
    table.add_row(Text("of rows", "dim"), *(_rows(each) for each in shown))
    return table


def notes(comparison: Comparison, *, width: int) -> list[str]:
    """What one should know to read the table."""
    reference, versions = comparison["reference"], comparison["versions"]
    if reference is None:
        return []
    said = [f"* {reference['selected_by']}" + (", which the others differ from so much." if len(versions) > 1 else "")]
    number = reference["version"]
    other = [str(each["version"]) for each in versions if each["rows"] and not each["same_rows"]]
    if other:
        said.append(f"Scored on other rows than version {number}: {', '.join(other)}. Compare with care.")
    hidden = len(versions) - max(1, max(_VALUE_ONLY, width - _NAME_WIDTH) // _VALUE_ONLY)
    if hidden > 0:
        said.append(f"{hidden} older ones have no room here; name some: --versions 1,2,3")
    return said


def _cell(value: Mapping[str, Any], best: list[int], *, wide: bool) -> Text:
    if value["value"] is None:
        return Text("–", "dim")
    text = Text(f"{value['value']:.4g}", "bold green" if value["version"] in best else "")
    if wide and value["difference"]:
        text.append(f" ({value['difference']:+.2g})", "dim" if value["improvement"] > 0 else "red")
    return text


def _rows(version: Mapping[str, Any]) -> Text:
    return Text("–" if version["rows"] is None else f"{version['rows']:,}", "dim")
