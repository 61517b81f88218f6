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
    shown, wide = _fitting(comparison, width)
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
    reference = comparison["reference"]
    if reference is None:
        return []
    shown, wide = _fitting(comparison, width)
    number = reference["version"]
    brackets = "; in brackets the difference to it" if wide and len(shown) > 1 else ""
    said = [f"* {reference['selected_by']}: version {number}{brackets}"]
    other = [str(each["version"]) for each in shown if each["rows"] and not each["same_rows"]]
    if other:
        said.append(f"Scored on other rows than version {number}: {', '.join(other)}. Compare with care.")
    if hidden := len(comparison["versions"]) - len(shown):
        said.append(f"{hidden} more have no room here; name some: --versions 1,2,3")
    return said


def _fitting(comparison: Comparison, width: int) -> tuple[list[dict[str, Any]], bool]:
    """The newest versions that have room, the reference among them, and whether their differences have it too."""
    room = max(_VALUE_ONLY, width - _NAME_WIDTH)
    versions = comparison["versions"]
    if len(versions) * _WITH_DIFFERENCE <= room:
        return versions, True
    shown = versions[: room // _VALUE_ONLY]
    reference = (comparison["reference"] or {}).get("version")
    left_out = [each for each in versions[len(shown) :] if each["version"] == reference]
    return [*shown[: len(shown) - len(left_out)], *left_out], False


def _cell(value: Mapping[str, Any], best: list[int], *, wide: bool) -> Text:
    if value["value"] is None:
        return Text("–", "dim")
    text = Text(f"{value['value']:.4g}", "bold green" if value["version"] in best else "")
    if wide and value["difference"]:
        text.append(f" ({value['difference']:+.2g})", "dim" if value["improvement"] > 0 else "red")
    return text


def _rows(version: Mapping[str, Any]) -> Text:
    return Text("–" if version["rows"] is None else f"{version['rows']:,}", "dim")
