"""A queue that is full takes no further job, says when to come again, and loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from store.settings import Settings
from tests.support.api import Api, running

MOST = 3


@pytest.fixture
def api(settings: Settings) -> Iterator[Api]:
    """An API whose queue holds three jobs."""
    with running(settings.model_copy(update={"max_queued_jobs": MOST})) as api:
        api.upload_iris()
        yield api


def ask(api: Api, **headers: str) -> Any:
    return api.app.test_client().post("/train", json={"dataset": "iris", "target": "species"}, headers=headers)


def test_a_further_job_is_told_when_to_come_again(api: Api) -> None:
    ids = [ask(api, **{"Idempotency-Key": f"key{number}"}).json["id"] for number in range(MOST)]
    refused = ask(api)
    assert (refused.status_code, refused.json["code"]) == (429, "too_many_jobs")
    assert int(refused.headers["Retry-After"]) > 0
    known = ask(api, **{"Idempotency-Key": "key0"})
    assert (known.status_code, known.json["id"]) == (202, ids[0]), "what was accepted is still answered"
    assert api.post(f"/jobs/{ids[0]}/cancel").status_code == 202
    assert ask(api).status_code == 202
    retried = api.post(f"/jobs/{ids[0]}/retry")
    assert (retried.status_code, retried.json["code"]) == (429, "too_many_jobs")


def test_requests_at_the_same_time_do_not_overrun_it(api: Api) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(ask(api).status_code)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(statuses) == [202] * MOST + [429] * (8 - MOST)


def test_a_searchs_trials_take_no_place(api: Api) -> None:
    body = {
        "dataset": "iris",
        "target": "species",
        "search": {
            "trials": 4,
            "parallelism": 4,
            "space": {"optimizer.learning_rate": {"type": "float", "low": 0.001, "high": 0.1, "log": True}},
        },
    }
    asked = api.post("/train", json=body)
    assert asked.status_code == 202, asked.text
    assert [ask(api).status_code for _ in range(MOST + 1)] == [202] * MOST + [429]


def test_a_prediction_of_a_dataset_takes_a_place(api: Api) -> None:
    api.trained(dataset="iris", target="species", model="iris", epochs=1)
    body = {"model": "iris", "dataset": "iris"}
    assert [api.post("/predict", json=body).status_code for _ in range(MOST + 1)] == [202] * MOST + [429]
    assert ask(api).status_code == 429
    rows = {"model": "iris", "rows": [[5.1, 3.5, 1.4, 0.2]]}
    assert api.post("/predict", json=rows).status_code == 200, "rows wait for nobody"
