"""A job's limits through the API: shown, kept by a retry, refused above the service's largest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from store.settings import Settings
from tests.support.api import Api, running
from tests.support.refusals import IRIS_BODY, refused

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LARGEST = {"time_limit_seconds": 3600.0, "memory_limit_bytes": 8 << 30}


@pytest.fixture
def bounded(settings: Settings) -> Iterator[Api]:
    """An API that gives a job an hour and 8 GiB."""
    largest = {"max_job_seconds": 3600.0, "max_job_memory_bytes": 8 << 30}
    with running(settings.model_copy(update=largest)) as api:
        api.upload_iris()
        yield api


def limits_in(config: dict[str, Any]) -> dict[str, Any]:
    return {name: config[name] for name in LARGEST}


def test_limits_are_in_the_jobs_configuration_and_in_that_of_a_retry(api: Api) -> None:
    api.upload_iris()
    assert limits_in(api.trained(**IRIS_BODY)["config"]) == dict.fromkeys(LARGEST)
    asked = {"time_limit_seconds": 1e-6, "memory_limit_bytes": 1 << 30}
    job = api.run(api.train(**IRIS_BODY, **asked)["id"])
    assert (job["status"], job["error"]["code"]) == ("failed", "time_limit_exceeded")
    assert limits_in(job["config"]) == asked
    again = api.post(f"/jobs/{job['id']}/retry")
    assert again.status_code == 202, again.text
    assert limits_in(again.json["config"]) == asked


def test_the_limits_of_a_search_are_those_of_each_trial(api: Api) -> None:
    api.upload_iris()
    search = {"trials": 2, "parallelism": 1}
    job = api.run(api.train(**IRIS_BODY, epochs=2, time_limit_seconds=1e-6, search=search)["id"])
    assert (job["status"], job["error"]["code"]) == ("failed", "no_trial_succeeded")
    trials = api.get(f"/jobs/{job['id']}/trials").json["items"]
    assert [trial["error"]["code"] for trial in trials] == ["time_limit_exceeded"] * 2
    assert api.get(f"/jobs/{trials[0]['job']}").json["config"]["time_limit_seconds"] == 1e-6


def test_a_job_that_asks_for_none_has_the_services_largest(bounded: Api) -> None:
    assert limits_in(bounded.trained(**IRIS_BODY)["config"]) == LARGEST
    assert limits_in(bounded.trained(**IRIS_BODY, **LARGEST)["config"]) == LARGEST
    less = {"time_limit_seconds": 1800.0, "memory_limit_bytes": 4 << 30}
    assert limits_in(bounded.trained(**IRIS_BODY, **less)["config"]) == less


@pytest.mark.parametrize("name", LARGEST)
def test_more_than_the_services_largest_is_refused_by_its_field(bounded: Api, name: str) -> None:
    answer = bounded.post("/train", json={**IRIS_BODY, name: LARGEST[name] + 1})
    problem = refused(answer, 422, "out_of_range", pointer=f"/{name}")
    assert f"{LARGEST[name]:,}" in problem["detail"]


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ({"time_limit_seconds": 0}, "out_of_range"),
        ({"time_limit_seconds": -1.5}, "out_of_range"),
        ({"time_limit_seconds": "1 h"}, "wrong_type"),
        ({"memory_limit_bytes": 0}, "out_of_range"),
        ({"memory_limit_bytes": 2**53}, "out_of_range"),
        ({"memory_limit_bytes": 1e400}, None),
        ({"memory_limit_bytes": 1.5}, "wrong_type"),
    ],
)
def test_what_is_no_limit_is_refused(api: Api, field: dict[str, Any], code: str | None) -> None:
    answer = api.post("/train", json={**IRIS_BODY, **field})
    if code is None:  # infinity is not JSON
        assert answer.status_code == 400
    else:
        refused(answer, 422, code, pointer=f"/{next(iter(field))}")
