"""How fast we train beside PyTorch and scikit-learn: ``make bench-train``, or ``python -m bench.train --help``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench import elements, results
from bench.machine import QUIET_LOAD, description, start_unbent
from bench.our_loop import our_loop
from bench.problems import PROBLEMS
from bench.rounds import OURS, SKLEARN, TORCH, Contestant, play
from bench.sgemm import sgemm_rates
from bench.sklearn_loop import sklearn_loop
from bench.torch_loop import torch_loop
from store.settings import Settings

RESULTS = Path(__file__).parent / "results"
THREADS = {1: "1 thread", 2: "2 threads"}
LEAST_ROUNDS = 7
ELEMENT_SECONDS = 0.05


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and write the results of a whole run."""
    start_unbent()
    chosen = _options(Settings().worker_threads).parse_args(arguments)
    machine = description()
    for name, value in machine.items():
        print(f"{name:>14}: {value}")
    print(f"{'threads':>14}: {chosen.threads} (ours), the better of 1 and 2 (peers)\n")
    if machine["load"] > QUIET_LOAD:
        print("The machine is busy: these figures are no results.\n")
    trained = _training_table(chosen, {"threads": chosen.threads, "seconds": chosen.seconds, "machine": machine})
    costs = [] if chosen.only else _element_table(chosen.rounds)
    folder: Path | None = chosen.output
    if folder is None and not chosen.only and chosen.rounds >= LEAST_ROUNDS:
        folder = RESULTS
    if folder is not None:
        results.write(folder / "train.json", trained)
        if costs:
            results.write(folder / "elements.json", [cost | {"machine": machine} for cost in costs])
        print(f"\nWritten into {folder}")


def contestants(threads: int) -> list[Contestant]:
    """Our loop with so many threads, and each variant of the peers' that is compared."""
    ours = Contestant(OURS, f"threads: {threads}", partial(our_loop, threads=threads))
    torch = [
        Contestant(TORCH, f"{name}, {spoken}", partial(torch_loop, threads=count, fused=fused))
        for name, fused in (("default Adam", False), ("fused Adam", True))
        for count, spoken in THREADS.items()
    ]
    sklearn = [Contestant(SKLEARN, spoken, partial(sklearn_loop, threads=count)) for count, spoken in THREADS.items()]
    return [ours, *torch, *sklearn]


def _training_table(chosen: argparse.Namespace, conditions: dict[str, Any]) -> list[dict[str, Any]]:
    print(results.HEADER)
    found = []
    for problem in PROBLEMS:
        if not chosen.only or problem.name in chosen.only:
            rounds = play(problem, contestants(chosen.threads), sgemm_rates, chosen.rounds, chosen.seconds)
            found.append(results.row(problem, list(rounds), **conditions))
            print(results.line(found[-1]), flush=True)
    return found


def _element_table(rounds: int) -> list[dict[str, Any]]:
    print(f"\n{elements.HEADER}")
    found = []
    for element in elements.elements():
        found.append(elements.measure(element, rounds=rounds, seconds=ELEMENT_SECONDS))
        print(elements.line(found[-1]), flush=True)
    return found


def _options(worker_threads: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.train", description=__doc__)
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help="rounds of each problem (%(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of each measurement, s (%(default)s)")
    parser.add_argument("--threads", type=int, default=worker_threads, help="our threads (the worker's: %(default)s)")
    parser.add_argument(
        "--only",
        action="append",
        choices=[problem.name for problem in PROBLEMS],
        metavar="SHAPE,BATCH",
        help="this problem alone, such as 64-64-10,128; may be repeated",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FOLDER",
        help="where the results go (bench/results for a whole run of 7 rounds or more; else nowhere)",
    )
    return parser


if __name__ == "__main__":
    main()
