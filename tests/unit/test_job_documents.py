"""The pages about jobs name what is there: guards and tests, causes of failures, faults of the campaign."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.errors import MLPError
from store.errors import Corrupt
from worker.errors import internal_error, job_error

ROOT = Path(__file__).parents[2]
PROTOCOL = (ROOT / "docs" / "job-protocol.md").read_text("utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text("utf-8")
# Never the cause of a job's end: an abstract root.
ABSTRACT = {"mlp_error"}


def job_error_codes() -> set[str]:
    """Every code that stands in the `error` of a job."""
    sources = [path.read_text("utf-8") for room in ("worker", "store") for path in (ROOT / room).rglob("*.py")]
    raised = re.compile(r"""JobError\(\s*"(\w+)"|"code": "(\w+)",\s*"detail\"""")
    codes = {code for source in sources for pair in raised.findall(source) for code in pair if code}
    kinds: list[type[MLPError]] = [MLPError]
    for kind in kinds:
        kinds += kind.__subclasses__()
        codes.add(kind.code)
    # Those that the end of a job may raise, or that are made elsewhere than where they are written.
    codes |= {Corrupt.code, "model_target_mismatch", "pruned", internal_error("x")["code"]}
    memory = job_error(MemoryError())
    assert memory is not None
    return (codes | {memory["code"]}) - ABSTRACT


def test_each_guard_and_test_that_the_protocol_names_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)(?:::(\w+))?`", PROTOCOL)
    assert len(named) > 40
    for path, name in named:
        source = (ROOT / path).read_text("utf-8")
        assert not name or re.search(rf"^\s*(?:def|class) {name}\b", source, re.MULTILINE), f"{path}::{name}"


def test_each_cause_of_a_failed_job_tells_the_operator_what_to_do() -> None:
    section = OPERATING.partition("### Why a job failed\n")[2].partition("\n## ")[0]
    told = {code for row in re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", section, re.MULTILINE) for code in row.split("`")}
    codes = job_error_codes()
    assert {"worker_lost", "training_diverged", "out_of_disk", "no_trial_succeeded", "internal_error"} <= codes
    assert codes - told == set()


@pytest.mark.parametrize("number", range(1, 18))
def test_each_fault_of_the_campaign_tells_the_operator_what_to_do(number: int) -> None:
    rows = re.findall(rf"^\| F{number} \|(.+)\|$", OPERATING, re.MULTILINE)
    assert rows
    assert all(len([cell for cell in row.split("|") if cell.strip()]) == 5 for row in rows)
