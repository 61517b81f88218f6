"""The form of the log."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from store.logs import configure_logging
from store.settings import Settings


@pytest.fixture(autouse=True)
def _root_logger() -> Iterator[None]:
    """Leave the root logger as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def logged(monkeypatch: pytest.MonkeyPatch, form: str, **extra: str) -> str:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging(Settings(log_format=form))  # type: ignore[arg-type]
    logging.getLogger("a.module").info("said %d", 7, extra=extra)
    return stream.getvalue()


def test_a_line_of_json_carries_its_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    entry = json.loads(logged(monkeypatch, "json", request_id="r1"))
    assert (entry["level"], entry["logger"], entry["message"], entry["request_id"]) == (
        "info",
        "a.module",
        "said 7",
        "r1",
    )


def test_a_log_that_is_no_terminal_is_json_and_a_plain_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(logged(monkeypatch, "auto"))["message"] == "said 7"
    assert logged(monkeypatch, "plain").rstrip().endswith("INFO    a.module: said 7")


def test_an_error_is_one_line_with_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging(Settings(log_format="json"))
    try:
        raise ValueError("bad")
    except ValueError:
        logging.getLogger("a").exception("failed")
    (line,) = stream.getvalue().splitlines()
    assert "ValueError: bad" in json.loads(line)["traceback"]
