"""Windows in rounds: each contestant is loaded once a round, the others standing still, so that all drift together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench.serving.process import ServerProcess
from bench.serving.questions import Question
from bench.serving.wrk import Window

SETTLE_SECONDS = 30.0


@dataclass
class Contestant:
    """One way to ask one server, and what its windows measured; `error` says why it has no figures."""

    name: str
    server: ServerProcess | None
    port: int
    question: Question
    windows: list[Window] = field(default_factory=list)
    error: str | None = None

    def raw(self) -> bytes:
        """The request as it goes over the line."""
        return self.question.raw(self.port)


def play(contestants: Sequence[Contestant], rounds: int, measure: Callable[[Contestant], Window]) -> None:
    """Measure the contestants in turn; one that fails, or leaves a request unanswered, is void and out."""
    for _ in range(rounds):
        for contestant in contestants:
            if contestant.error is None:
                _window(contestant, measure)


def _window(contestant: Contestant, measure: Callable[[Contestant], Window]) -> None:
    server = contestant.server
    assert server is not None, "without a server there is an error, and no window"
    server.resume()
    try:
        server.wait_until(lambda: contestant.question.ask(contestant.port), SETTLE_SECONDS)
        window = measure(contestant)
    except Exception as error:  # noqa: BLE001 - whatever it was, it is told in the row, and the others go on
        contestant.error = f"{type(error).__name__}: {error}"
    else:
        contestant.windows.append(window)
        if window.errors:
            contestant.error = f"void: {window.errors} requests were not answered with 2xx"
    finally:
        server.pause()
