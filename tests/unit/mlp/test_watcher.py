"""The watcher restarts what dies, gives up when that is no use, and stops in order."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mlp import watcher
from mlp.guardian import Guardian
from mlp.watcher import GaveUp, Watcher


class Scripted:
    """A part that lives and dies as a test says."""

    def __init__(self, name: str, diary: list[str], ready_after: int = 0, lives: int = 1_000_000) -> None:
        self.name, self.log = name, Path("none.log")
        self._diary, self._ready_after, self._lives = diary, ready_after, lives
        self.running = False
        self.starts: list[float] = []

    def start(self) -> None:
        self.starts.append(time.monotonic())
        self._diary.append(f"start {self.name}")
        self.running = self._lives > 0

    def ready(self) -> bool:
        self._ready_after -= 1
        return self._ready_after < 0

    def stop(self, seconds: float) -> None:
        self._diary.append(f"stop {self.name}")
        self.running = False


class NoGuardian(Guardian):
    def check(self) -> None:
        """Guards nothing: these parts are no processes."""


def run(parts: list[Scripted], on_tick: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run a watcher; `on_tick` is called between two looks, with their number."""
    said: list[str] = []
    ticks = iter(range(10_000))

    def tick(seconds: float) -> None:
        on_tick(next(ticks))

    monkeypatch.setattr(watcher.time, "sleep", tick)
    Watcher(
        parts, NoGuardian(), lambda part, line: said.append(f"{part} {line}"), lambda: said.append("all ready")
    ).run()
    return said


def interrupt(number: signal.Signals = signal.SIGTERM) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_parts_start_in_order_and_stop_in_the_reverse_one(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    diary: list[str] = []
    parts = [Scripted("redis", diary), Scripted("worker", diary, ready_after=2), Scripted("api", diary)]
    former = signal.getsignal(number)
    said = run(parts, lambda tick: interrupt(number) if tick == 5 else None, monkeypatch)
    assert diary == ["start redis", "start worker", "start api", "stop api", "stop worker", "stop redis"]
    assert said[:4] == ["redis ready", "api ready", "worker ready", "all ready"]
    assert signal.getsignal(number) is former


def test_a_part_that_dies_is_started_again_while_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    diary: list[str] = []
    redis, api = Scripted("redis", diary), Scripted("api", diary)

    def on_tick(tick: int) -> None:
        if tick == 3:
            api.running = False
        if tick == 8:
            interrupt()

    said = run([redis, api], on_tick, monkeypatch)
    assert diary.count("start api") == 2
    assert diary.count("start redis") == 1
    assert diary[2:4] == ["stop api", "start api"]  # what it left is ended first
    assert [line for line in said if line.startswith("api died")]
    assert said.count("api ready") == 2
    assert said.count("all ready") == 1


def test_five_quick_deaths_are_the_end_and_everything_else_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    diary: list[str] = []
    redis, api = Scripted("redis", diary), Scripted("api", diary, lives=0)
    real_sleep = time.sleep
    with pytest.raises(GaveUp, match="api died 5 times in a row") as caught:
        run([redis, api], lambda _: real_sleep(0.01), monkeypatch)
    assert caught.value.part is api
    assert len(api.starts) == 5
    assert max(after - before for before, after in zip(api.starts, api.starts[1:], strict=False)) < 2.0
    assert diary[-1] == "stop redis"


def test_deaths_far_apart_are_never_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    diary: list[str] = []
    api = Scripted("api", diary)
    monkeypatch.setattr(watcher, "_QUICK_SECONDS", 0.0)
    real_sleep = time.sleep

    def on_tick(tick: int) -> None:
        real_sleep(0.001)
        api.running = False
        if len(api.starts) == 12:
            interrupt()

    run([api], on_tick, monkeypatch)
    assert len(api.starts) == 12


def test_a_second_signal_does_not_wait_for_a_slow_part(monkeypatch: pytest.MonkeyPatch) -> None:
    diary: list[str] = []

    class Slow(Scripted):
        def stop(self, seconds: float) -> None:
            self._diary.append(f"stop {self.name} {seconds:g}")
            if seconds > 0:
                interrupt()

    run([Slow("redis", diary), Slow("worker", diary)], lambda tick: interrupt() if tick == 1 else None, monkeypatch)
    assert diary[-3:] == ["stop worker 20", "stop worker 0", "stop redis 0"]
