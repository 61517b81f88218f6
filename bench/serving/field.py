"""The servers of one network, started, found right, and standing still until their turn comes."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.serving.networks import BULK_ROWS, Array, Served
from bench.serving.process import ServerProcess
from bench.serving.questions import Asking, Question
from bench.serving.sides import OURS, Launch, Side
from bench.serving.windows import Contestant
from mlp.guardian import Guardian


@dataclass(frozen=True)
class Started:
    """A side's server, or why there is none."""

    side: Side
    port: int
    server: ServerProcess | None
    error: str | None


class Field:
    """All servers of a network.

    Parameters
    ----------
    network : Served
    started : sequence of Started
    """

    def __init__(self, network: Served, started: Sequence[Started]) -> None:
        self.network, self._started = network, started

    def contestants(self, *, connections: int | None = None) -> list[Contestant]:
        """Those that are asked for one row; at other than 16 connections without those that are measured seldom."""
        X = self.network.rows(1)
        return [
            contestant
            for each in self._started
            for contestant in self._of(each, each.side.asked, X)
            if connections in (16, None) or contestant.name not in each.side.seldom
        ]

    def bulk(self) -> list[Contestant]:
        """Those that are asked for a thousand rows in one request."""
        X = self.network.rows(BULK_ROWS)
        return [contestant for each in self._started for contestant in self._of(each, each.side.bulk, X)]

    def _of(self, started: Started, askings: Mapping[str, Asking], X: Array) -> list[Contestant]:
        found = []
        for name, asking in askings.items():
            question = asking(self.network, X)
            if started.server is None:
                found.append(_absent(name, question, started))
                continue
            contestant = Contestant(name, started.server, started.port, question)
            started.server.resume()
            try:
                question.check(started.port, self.network.probabilities(X))
            except Exception as error:  # noqa: BLE001 - told in its row
                contestant.error = f"{type(error).__name__}: {error}"
            finally:
                started.server.pause()
            found.append(contestant)
        return found


@contextmanager
def field_of(
    network: Served, sides: Sequence[Side], processes: int, cores: Sequence[int], folder: Path, guardian: Guardian
) -> Iterator[Field]:
    """Start the sides' servers one after the other; end them all.

    Parameters
    ----------
    folder : Path
        Where they keep what is theirs; our models are in `ours` already.
    """
    with ExitStack() as servers:
        yield Field(network, [_start(network, side, processes, cores, folder, guardian, servers) for side in sides])


def _start(
    network: Served,
    side: Side,
    processes: int,
    cores: Sequence[int],
    folder: Path,
    guardian: Guardian,
    servers: ExitStack,
) -> Started:
    port = free_port()
    if not (side.programs / "python").exists():
        return Started(side, port, None, f"not installed: {side.programs} has no Python")
    own = folder / OURS if side.name == OURS else folder / f"{side.name}-{network.shape}"
    own.mkdir(parents=True, exist_ok=True)
    try:
        if side.name != OURS and not (own / "model.joblib").exists():
            side.prepare(network, own)
        command, variables = side.command(Launch(network, port, processes, own, side.programs))
        environment = {**side.environment(), **variables}
        server = ServerProcess(
            command, environment, own, folder / f"{side.name}-{network.shape}-{processes}.log", cores, guardian
        )
        servers.callback(server.stop)
        question = next(iter(side.asked.values()))(network, network.rows(1))
        server.wait_until(lambda: question.ask(port))
    except Exception as error:  # noqa: BLE001 - a peer that does not start has rows that say why
        return Started(side, port, None, f"{type(error).__name__}: {error}")
    server.pause()
    return Started(side, port, server, None)


def _absent(name: str, question: Question, started: Started) -> Contestant:
    return Contestant(name, None, started.port, question, error=started.error)


def free_port() -> int:
    """A port that nobody has; the two after it are likely free too (MLServer takes three)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
