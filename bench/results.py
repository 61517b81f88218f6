"""From the rounds of a problem to its line in the table and its row in the results."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.problems import Problem
from bench.rounds import OURS, SKLEARN, TORCH, Round


def median_and_spread(values: Iterable[float]) -> tuple[float, list[float]]:
    """The median, and the least and the greatest, to four digits."""
    ordered = sorted(values)
    return _rounded(statistics.median(ordered)), [_rounded(ordered[0]), _rounded(ordered[-1])]


def row(problem: Problem, rounds: Sequence[Round], **more: Any) -> dict[str, Any]:
    """A problem's row: medians over the rounds, of ratios within a round where it is a ratio; then their spreads.

    `more` comes last.
    """
    ours = median_and_spread(each.best(OURS) for each in rounds)
    torch, sklearn = (median_and_spread(each.versus(side) for each in rounds) for side in (TORCH, SKLEARN))
    fraction = median_and_spread(each.fraction_of_peak(problem) for each in rounds)
    return {
        "shape": problem.shape,
        "batch": problem.batch,
        "samples_per_second": ours[0],
        "vs_torch": torch[0],
        "vs_sklearn": sklearn[0],
        "gemm_fraction_of_peak": fraction[0],
        "samples_per_second_spread": ours[1],
        "vs_torch_spread": torch[1],
        "vs_sklearn_spread": sklearn[1],
        "gemm_fraction_of_peak_spread": fraction[1],
        "rows": problem.rows,
        "rounds": len(rounds),
        "peers_samples_per_second": {
            side: {
                variant: median_and_spread(each.rates[side][variant] for each in rounds)[0]
                for variant in rounds[0].rates[side]
            }
            for side in (TORCH, SKLEARN)
        },
        "sgemm_gflops": {
            str(threads): median_and_spread(each.sgemm[threads] / 1e9 for each in rounds)[0]
            for threads in rounds[0].sgemm
        },
        **more,
    }


HEADER = (
    f"{'shape':>18} {'batch':>5} {'samples/s':>10}  {'× torch':<22}  {'× scikit-learn':<22}  {'of peak':<22}  "
    "torch at its best"
)


def line(found: dict[str, Any]) -> str:
    """A row as a line of the table, its spreads in brackets."""
    peers = found["peers_samples_per_second"][TORCH]
    return (
        f"{found['shape']:>18} {found['batch']:>5} {found['samples_per_second']:>10,.0f}  "
        f"{_spread(found, 'vs_torch', '.3g'):<22}  {_spread(found, 'vs_sklearn', '.3g'):<22}  "
        f"{_spread(found, 'gemm_fraction_of_peak', '.1%'):<22}  {max(peers, key=peers.__getitem__)}"
    )


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Write rows as JSON, in the order in which they were measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(list(rows), indent=2, ensure_ascii=False) + "\n", "utf-8")


def _spread(found: dict[str, Any], name: str, form: str) -> str:
    low, high = found[f"{name}_spread"]
    return f"{found[name]:{form}} ({low:{form}} to {high:{form}})"


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")
