"""Rounds of windows: whose turn it is, and who is out."""

from pathlib import Path
from typing import Any

import pytest

from bench.serving import windows
from bench.serving.process import NotServing, ServerProcess, members
from bench.serving.questions import Question
from bench.serving.windows import Contestant, play
from bench.serving.wrk import Window
from mlp.guardian import Guardian


class _Server:
    """Stands still or goes on, and writes it down."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self._log = name, log

    def resume(self) -> None:
        self._log.append(f"{self.name}+")

    def pause(self) -> None:
        self._log.append(f"{self.name}-")

    def wait_until(self, answers: Any, seconds: float) -> None:
        assert seconds == windows.SETTLE_SECONDS


def _contestants(log: list[str]) -> list[Contestant]:
    question = Question("GET", "/", b"", lambda _, body: body)
    return [Contestant(name, _Server(name, log), 1, question) for name in "abc"]  # type: ignore[arg-type]


def test_all_but_one_stand_still_and_they_take_turns() -> None:
    log: list[str] = []
    contestants = _contestants(log)
    play(contestants, 2, lambda each: Window(float(ord(each.name)), 1.0, 1.0, 0))
    assert log == ["a+", "a-", "b+", "b-", "c+", "c-"] * 2
    assert [len(each.windows) for each in contestants] == [2, 2, 2]


def test_one_that_fails_or_leaves_a_request_unanswered_is_out() -> None:
    log: list[str] = []
    contestants = _contestants(log)

    def measure(each: Contestant) -> Window:
        if each.name == "b":
            raise RuntimeError("wrk said nothing")
        return Window(1.0, 1.0, 1.0, 7 if each.name == "c" else 0)

    play(contestants, 2, measure)
    assert log == ["a+", "a-", "b+", "b-", "c+", "c-", "a+", "a-"]
    errors = [None, "RuntimeError: wrk said nothing", "void: 7 requests were not answered with 2xx"]
    assert [each.error for each in contestants] == errors


def test_a_server_stands_still_with_all_that_it_started_and_ends_with_it(tmp_path: Path) -> None:
    guardian = Guardian()
    guardian.check()
    command = ["sh", "-c", "sleep 60 & sleep 60 & echo ready; wait"]
    server = ServerProcess(command, {"PATH": "/usr/bin:/bin"}, tmp_path, tmp_path / "log", [0], guardian)

    def says_ready() -> None:
        assert "ready" in server.last_words()

    def states() -> set[str]:
        return {Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[0] for each in processes}

    def stands_still() -> None:
        assert states() == {"T"}

    def goes_on() -> None:
        assert "T" not in states()

    try:
        server.wait_until(says_ready, 20)
        processes = members(server.session)
        assert len(processes) == 3
        server.pause()
        server.wait_until(stands_still, 20)
        server.resume()
        server.wait_until(goes_on, 20)
        with pytest.raises(NotServing, match="no answer within 0 s"):
            server.wait_until(stands_still, 0)
    finally:
        server.stop()
        guardian.close()
    assert members(server.session) == []
