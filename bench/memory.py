"""What memory a training takes, and what a matrix larger than memory costs: ``make bench-memory``."""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench import results
from bench.large_tables import LargeTable
from bench.machine import QUIET_LOAD, description, start_unbent
from bench.shuffles import accuracy, throughput
from bench.watched_training import ROOT, train_watched
from store.settings import Settings

RESULTS = Path(__file__).parent / "results"
GIB = 1 << 30
CAGE_BYTES = 640 << 20
"""What the page cache may hold of a matrix where memory is short: two windows of 256 MiB, and what two looks miss."""

IMAGES = LargeTable(60_000, 784, pixels=True)
LARGE = LargeTable(2 << 20, 1024, sorted_by_class=True)
FITS_BOTH_WAYS = LargeTable(256 << 10, 1024)
SMALL, MIDDLE = (64,), (512, 256)

Experiment = Callable[[argparse.Namespace, Path], list[dict[str, Any]]]


def once(chosen: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """60,000 × 784 in memory: below 2.2 times the matrix."""
    training = {"hidden": MIDDLE, "batch_size": 128, "epochs": 1, "test_fraction": 0.1}
    return [_trial("once", folder, _scaled(IMAGES, chosen), training)]


def mapped(chosen: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """8 GiB, sorted by class, of which little may be cached: within 2 GiB of anonymous memory."""
    training = {
        "hidden": SMALL,
        "batch_size": 256,
        "epochs": 1,
        "validation_fraction": 0.02,
        "test_fraction": 0.02,
    }
    table = _scaled(LARGE, chosen)
    return [_trial("mapped", folder, table, training, matrix_bytes=64 << 20, cage_bytes=CAGE_BYTES)]


def speed(chosen: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """1 GiB, in memory and mapped."""
    common = {"rounds": chosen.rounds, "threads": Settings().resolved_worker_threads}
    table = _scaled(FITS_BOTH_WAYS, chosen)
    return [
        throughput(table, folder, SMALL, batch=256, **common),
        throughput(table, folder, MIDDLE, batch=256, **common),
    ]


def learning(chosen: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    """1 GiB, rows shuffled all together and in blocks; of a file that is mixed, and of one that is sorted."""
    common = {"batch": 256, "epochs": 2, "seeds": chosen.seeds, "threads": Settings().resolved_worker_threads}
    return [
        accuracy(_scaled(table, chosen), folder, SMALL, **common)
        for table in (FITS_BOTH_WAYS, LargeTable(FITS_BOTH_WAYS.rows, FITS_BOTH_WAYS.columns, sorted_by_class=True))
    ]


EXPERIMENTS: dict[str, Experiment] = {"once": once, "mapped": mapped, "throughput": speed, "accuracy": learning}


def merged(old: Sequence[dict[str, Any]], new: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of the experiments that were made now, and the old ones of the others, in the usual order."""
    made = {row["experiment"] for row in new}
    rows = [*(row for row in old if row["experiment"] not in made), *new]
    return sorted(rows, key=lambda row: list(EXPERIMENTS).index(row["experiment"]))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print each row, and write the results of what was measured in full."""
    start_unbent()
    chosen = _options().parse_args(arguments)
    machine = description(("numpy", "scipy", "pyarrow"))
    for name, value in machine.items():
        print(f"{name:>14}: {value}")
    if machine["load"] > QUIET_LOAD:
        print("The machine is busy: the memory is as it is, the throughput is no result.")
    chosen.folder.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, Any]] = []
    for name in chosen.only or EXPERIMENTS:
        with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
            rows = [row | {"machine": machine} for row in EXPERIMENTS[name](chosen, Path(folder))]
        for row in rows:
            print(f"\n{row['experiment']}")
            for key, value in row.items():
                if key not in ("experiment", "machine"):
                    print(f"{key:>30}: {value:,}" if isinstance(value, int) else f"{key:>30}: {value}", flush=True)
        found += rows
    folder = chosen.output or (RESULTS if chosen.scale == 1.0 else None)
    if folder is not None:
        path = folder / "memory.json"
        old = json.loads(path.read_text("utf-8")) if path.exists() else []
        results.write(path, merged(old, found))
        print(f"\nWritten into {path}")


def _trial(experiment: str, folder: Path, table: LargeTable, training: dict[str, Any], **limits: int) -> dict[str, Any]:
    of_table = {"experiment": experiment, "rows": table.rows, "columns": table.columns}
    return of_table | train_watched(folder, table, training, **limits) | {"limits": limits}


def _scaled(table: LargeTable, chosen: argparse.Namespace) -> LargeTable:
    rows = max(1000, round(table.rows * chosen.scale))
    return LargeTable(rows, table.columns, table.pixels, table.sorted_by_class, table.seed)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.memory", description=__doc__)
    parser.add_argument("--only", action="append", choices=list(EXPERIMENTS), help="this alone; may be repeated")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the throughput (%(default)s)")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each order, for accuracy (%(default)s)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows; a try, which writes nothing")
    parser.add_argument(
        "--folder",
        type=Path,
        default=ROOT / "var",
        help="where the files go, on a disk with 20 GB of room; they are removed (default: var)",
    )
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where the results go (default: bench/results)")
    return parser


if __name__ == "__main__":
    main()
