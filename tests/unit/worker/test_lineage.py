"""The lineage of a version: one digest for one code."""

from __future__ import annotations

from pathlib import Path

from core.configuration import TrainingConfig
from store.tables import JobRow
from worker.lineage import code_version, digest_of, lineage_of


def test_the_digest_is_of_names_and_contents_and_of_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "a.py").write_text("1")
    (tmp_path / "inner" / "b.py").write_text("2")
    first = digest_of(tmp_path)
    (tmp_path / "a.pyc").write_text("cached")
    assert digest_of(tmp_path) == first
    (tmp_path / "inner" / "b.py").write_text("3")
    changed = digest_of(tmp_path)
    (tmp_path / "inner" / "b.py").rename(tmp_path / "inner" / "c.py")
    assert len({first, changed, digest_of(tmp_path)}) == 3


def test_the_code_is_that_of_this_process_and_read_once() -> None:
    found = code_version()
    assert found["version"]
    assert len(str(found["core_sha256"])) == 64
    assert code_version() is found


def test_a_trial_names_its_search_and_a_training_what_it_began_with() -> None:
    config = {"training": TrainingConfig("regression").to_dict()}
    trial = JobRow(id="job_1", config=config, search_id="job_0", trial=3, fingerprint={"engine": "small"})
    lineage = lineage_of(trial)
    assert (lineage["job"], lineage["search"], lineage["trial"]) == ("job_1", "job_0", 3)
    assert (lineage["fingerprint"], lineage["initialize_from"]) == ({"engine": "small"}, None)
    begun = {"model": "iris", "version": 1, "sha256": "0"}
    lineage = lineage_of(JobRow(id="job_2", config={**config, "initialize_from": begun}))
    assert (lineage["search"], lineage["trial"], lineage["initialize_from"]) == (None, None, begun)
