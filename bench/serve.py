"""How fast we answer beside other servers of models: ``make bench-serve``, or ``python -m bench.serve --help``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.machine import QUIET_LOAD, description, start_unbent
from bench.serving import report, rows, wrk
from bench.serving.networks import NETWORKS
from bench.serving.parts import PARTS, Plan, measured
from bench.serving.sides import OURS, PEERS, SIDES
from mlp.guardian import Guardian

LEAST_ROUNDS, LEAST_SECONDS = 5, 5.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables as they come, and write the results of a whole run and its page."""
    chosen = _options().parse_args(arguments)
    if chosen.report:
        _write_page()
        return
    start_unbent()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit("A core for the load and one for the server are needed.")
    only = set(chosen.only or [])
    sides = [side for side in SIDES if side.name == OURS or side.name in (chosen.peers or PEERS)]
    plan = Plan(
        sides=sides,
        networks=[each for each in NETWORKS if not only & _shapes() or each.shape in only],
        parts=[part for part in PARTS if not only & set(PARTS) or part in only],
        rounds=chosen.rounds,
        seconds=chosen.seconds,
        cores=cores[:2],
    )
    run = {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "load_generator": wrk.version(),
        "machine": description(("numpy", "scipy")),
        "versions": {side.name: side.versions() for side in sides},
        "settings": {side.name: side.settings for side in sides},
    }
    if run["machine"]["load"] > QUIET_LOAD:  # type: ignore[index]
        print(f"The machine is busy ({run['machine']['load']}): these figures are no results.\n")  # type: ignore[index]
    whole = chosen.rounds >= LEAST_ROUNDS and chosen.seconds >= LEAST_SECONDS and not chosen.peers
    path: Path | None = chosen.output or (report.RESULTS if whole else None)
    found: list[rows.Row] = []
    former = rows.read(path) if path else {}
    guardian = Guardian()
    guardian.check()
    os.sched_setaffinity(0, cores[:1])  # the paced load comes from this process
    try:
        with tempfile.TemporaryDirectory(prefix="bench-serve-") as folder:
            for group in measured(plan, Path(folder), guardian):
                print(report.table(group) + "\n", flush=True)
                found += group
                if path:  # after each group: an interrupted run is not lost
                    rows.write(path, rows.merged(former, run, found))
    finally:
        guardian.close()
    if path == report.RESULTS:
        _write_page()
    print(f"Written into {path}" if path else "Written nowhere: a part of a run goes where --output says.")


def _write_page() -> None:
    text = report.PAGE.read_text("utf-8")
    report.PAGE.write_text(report.into_page(text, report.tables(rows.read(report.RESULTS))), "utf-8")


def _shapes() -> set[str]:
    return {network.shape for network in NETWORKS}


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.serve", description=__doc__)
    parser.add_argument("--rounds", type=int, default=LEAST_ROUNDS, help="rounds of each group (%(default)s)")
    parser.add_argument("--seconds", type=float, default=LEAST_SECONDS, help="length of a window, s (%(default)s)")
    parser.add_argument("--peers", action="append", choices=PEERS, help="this peer alone; may be repeated")
    parser.add_argument(
        "--only",
        action="append",
        choices=[*(network.shape for network in NETWORKS), *PARTS],
        metavar="SHAPE|PART",
        help=f"this network or part alone ({', '.join(PARTS)}); may be repeated",
    )
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="where the results go, among those that are there (bench/results/serve.json where rounds, seconds and "
        "peers are no fewer than the defaults; else nowhere)",
    )
    parser.add_argument("--report", action="store_true", help="measure nothing: put the results into their page")
    return parser


if __name__ == "__main__":
    main()
