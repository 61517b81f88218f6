"""The parts of the benchmark, network by network: which contestants, how many connections, what load."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.serving import one_by_one, paced, wrk
from bench.serving.field import Field, field_of, free_port
from bench.serving.networks import Served
from bench.serving.registry import publish
from bench.serving.rows import Row, median_rate, rows_of
from bench.serving.sides import OURS, Side
from bench.serving.windows import Contestant, play
from mlp.guardian import Guardian

ONE_CORE, HALF_LOAD, BULK, BOTH_CORES = PARTS = ("one-core", "half-load", "bulk", "both-cores")
CONNECTIONS = (1, 16, 64)
PEAK_CONNECTIONS = 16
BULK_SHAPE = "784-512-256-10"
PEERS_HALF_LOAD_SHAPE = "4-16-3"
WARM_SECONDS = 1.0


@dataclass(frozen=True)
class Plan:
    """What is measured; the first of the two cores loads, the second serves, or both do both."""

    sides: Sequence[Side]
    networks: Sequence[Served]
    parts: Sequence[str]
    rounds: int
    seconds: float
    cores: Sequence[int]


def measured(plan: Plan, folder: Path, guardian: Guardian) -> Iterator[list[Row]]:
    """The rows, group by group."""
    publish(plan.networks, folder / OURS, free_port(), plan.cores, guardian)
    for network in plan.networks:
        if {ONE_CORE, HALF_LOAD, BULK} & set(plan.parts):
            with field_of(network, plan.sides, 1, plan.cores[1:], folder, guardian) as field:
                yield from _one_core(plan, field, folder)
        if BOTH_CORES in plan.parts:
            with field_of(network, plan.sides, len(plan.cores), plan.cores, folder, guardian) as field:
                yield from _both_cores(plan, field, folder)


def _one_core(plan: Plan, field: Field, folder: Path) -> Iterator[list[Row]]:
    shape, peaks = field.network.shape, dict[str, float]()
    _Closed(plan, folder, PEAK_CONNECTIONS, plan.cores[:1], WARM_SECONDS).warm(field.contestants())
    for connections in CONNECTIONS if ONE_CORE in plan.parts else ():
        contestants = field.contestants(connections=connections)
        play(contestants, plan.rounds, _Closed(plan, folder, connections, plan.cores[:1], plan.seconds))
        if connections == PEAK_CONNECTIONS:
            peaks = {each.name: median_rate(each) for each in contestants if each.error is None}
        yield rows_of(contestants, part=ONE_CORE, network=shape, connections=connections)
    if HALF_LOAD in plan.parts:
        yield _half_load(plan, field, folder, peaks)
    if BULK in plan.parts and shape == BULK_SHAPE:
        contestants = field.bulk()
        play(contestants, plan.rounds, lambda each: one_by_one.load(each.raw(), each.port, seconds=plan.seconds))
        yield rows_of(contestants, part=BULK, network=shape, connections=1)


def _half_load(plan: Plan, field: Field, folder: Path, peaks: dict[str, float]) -> list[Row]:
    everybody = field.network.shape == PEERS_HALF_LOAD_SHAPE
    contestants = [
        each for each in field.contestants(connections=CONNECTIONS[0]) if everybody or each.name.split()[0] == OURS
    ]
    if not peaks:
        play(contestants, 1, _Closed(plan, folder, PEAK_CONNECTIONS, plan.cores[:1], plan.seconds))
        peaks = {each.name: median_rate(each) for each in contestants if each.error is None}
    for each in contestants:
        each.windows.clear()
        if each.name not in peaks:
            each.error = each.error or "its peak is not known"

    def measure(contestant: Contestant) -> wrk.Window:
        rate = peaks[contestant.name] / 2
        return paced.load(
            contestant.raw(), contestant.port, rate=rate, seconds=plan.seconds, connections=PEAK_CONNECTIONS
        )

    play(contestants, plan.rounds, measure)
    found = rows_of(contestants, part=HALF_LOAD, network=field.network.shape, connections=PEAK_CONNECTIONS)
    for row in found:
        row.pop("ours", None)  # each has a rate of its own: there is nothing to compare
        if "error" not in row:
            row["asked_per_second"] = float(f"{peaks[row['contestant']] / 2:.4g}")
    return found


def _both_cores(plan: Plan, field: Field, folder: Path) -> Iterator[list[Row]]:
    _Closed(plan, folder, PEAK_CONNECTIONS, plan.cores, WARM_SECONDS).warm(field.contestants())
    connections = CONNECTIONS[-1]
    contestants = [each for each in field.contestants(connections=connections) if each.name != "ours GET"]
    play(contestants, plan.rounds, _Closed(plan, folder, connections, plan.cores, plan.seconds))
    yield rows_of(contestants, part=BOTH_CORES, network=field.network.shape, connections=connections)


@dataclass(frozen=True)
class _Closed:
    """A window of wrk."""

    plan: Plan
    folder: Path
    connections: int
    cores: Sequence[int]
    seconds: float

    def __call__(self, contestant: Contestant) -> wrk.Window:
        return wrk.load(
            contestant.question,
            contestant.port,
            connections=self.connections,
            seconds=self.seconds,
            cores=self.cores,
            folder=self.folder,
        )

    def warm(self, contestants: Sequence[Contestant]) -> None:
        """A second of load on each, which is thrown away."""
        play(contestants, 1, self)
