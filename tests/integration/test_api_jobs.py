"""What people do with jobs: cancelled, retried, deleted, listed, asked for twice."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from store import checkpoints, leases
from store.leases import Fence
from store.tables import CheckpointBlobRow, EpochReportRow, JobRow
from tests.support.api import Api
from tests.support.rows import PROJECT, report

ERROR = {"code": "worker_lost", "detail": "It died.", "hint": None}


@pytest.fixture
def iris(api: Api) -> Api:
    """An API with a dataset."""
    api.upload_iris()
    return api


def ask(api: Api, **body: Any) -> str:
    return str(api.train(dataset="iris", target="species", **body)["id"])


def claim(api: Api, job_id: str) -> Fence:
    """Run the job, as a worker does that has reported an epoch and saved a checkpoint."""
    with api.parts.database.write() as s:
        job = leases.claim(s, job_id, worker="w", lease_seconds=30)
        assert job is not None
        fence = Fence(job.id, job.token)
        leases.record_progress(s, fence, epoch=1, best_epoch=1, samples_per_second=None, eta_seconds=None)
        s.add(EpochReportRow(job_id=job_id, project_id=PROJECT, **report(1)))
        checkpoints.name_checkpoint(s, fence, checkpoints.write_blob(s, PROJECT, job_id, b"state"))
    return fence


def end(api: Api, fence: Fence, status: str) -> None:
    with api.parts.database.write() as s:
        leases.finish(s, fence, status, error=ERROR if status == "failed" else None)


def left_of(api: Api, job_id: str) -> list[int]:
    """How many rows each table still has of the job."""
    tables = (
        (JobRow, JobRow.id),
        (EpochReportRow, EpochReportRow.job_id),
        (CheckpointBlobRow, CheckpointBlobRow.job_id),
    )
    with api.parts.database.read() as s:
        return [s.query(table).filter(column == job_id).count() for table, column in tables]


def test_a_queued_and_a_running_job_are_cancelled_and_an_ended_one_is_not(iris: Api) -> None:
    queued, running = ask(iris), ask(iris)
    fence = claim(iris, running)
    answer = iris.post(f"/jobs/{queued}/cancel")
    assert (answer.status_code, answer.json["status"]) == (202, "cancelled")
    assert answer.json["finished_at"] is not None
    answer = iris.post(f"/jobs/{running}/cancel", json={"keep": "best"})
    assert (answer.status_code, answer.json["status"], answer.json["cancel_requested"]) == (202, "running", True)
    with iris.parts.database.read() as s:
        assert leases.cancellation(s, fence) == leases.Renewal(cancel_requested=True, cancel_keep="best")
    end(iris, fence, "cancelled")
    for job_id in (queued, running):
        refused = iris.post(f"/jobs/{job_id}/cancel")
        assert (refused.status_code, refused.json["code"]) == (409, "job_ended")


def refuses_while_it_runs(api: Api, job_id: str) -> None:
    for refused in (api.post(f"/jobs/{job_id}/retry"), api.delete(f"/jobs/{job_id}")):
        assert (refused.status_code, refused.json["code"]) == (409, "job_not_ended")


@pytest.mark.parametrize("status", ["failed", "cancelled", "succeeded"])
def test_only_an_ended_job_is_retried_and_deleted(iris: Api, status: str) -> None:
    job_id = ask(iris, epochs=7)
    refuses_while_it_runs(iris, job_id)
    fence = claim(iris, job_id)
    refuses_while_it_runs(iris, job_id)
    assert left_of(iris, job_id) == [1, 1, 1]
    end(iris, fence, status)
    first = iris.get(f"/jobs/{job_id}").json
    again = iris.post(f"/jobs/{job_id}/retry")
    assert again.status_code == 202
    assert again.headers["Location"] == f"/jobs/{again.json['id']}"
    expected = {"status": "queued", "retry_of": job_id, "config": first["config"], "error": None, "attempts": 0}
    assert {name: again.json[name] for name in expected} == expected
    assert iris.delete(f"/jobs/{job_id}").status_code == 204
    assert left_of(iris, job_id) == [0, 0, 0]
    assert iris.get(f"/jobs/{job_id}").status_code == iris.get(f"/jobs/{job_id}/history").status_code == 404
    assert iris.get(f"/jobs/{again.json['id']}").json["status"] == "queued"


def test_a_retry_needs_the_dataset_still(iris: Api) -> None:
    job_id = ask(iris)
    iris.post(f"/jobs/{job_id}/cancel")
    assert iris.delete("/datasets/iris").status_code == 204
    refused = iris.post(f"/jobs/{job_id}/retry")
    assert (refused.status_code, refused.json["code"]) == (404, "dataset_not_found")


def test_jobs_are_listed_by_state_kind_model_and_dataset(iris: Api) -> None:
    old = ask(iris, model="a")
    second = iris.upload("a,b\n" + "".join(f"{i},{i % 2}\n" for i in range(40)), "iris")
    new = str(iris.train(dataset="iris", target="b", model="b")["id"])
    search = str(iris.train(dataset="iris@1", target="species", model="c", search={"trials": 2})["id"])
    iris.post(f"/jobs/{old}/cancel")
    for query, expected in {
        "status=cancelled": [old],
        "kind=search": [search],
        "model=b": [new],
        "dataset=iris": [search, new, old],
        "dataset=iris@2": [new],
        "dataset=iris@1&kind=train": [old],
        f"dataset={second['id']}": [new],
        "dataset=iris&status=running": [search],
    }.items():
        found = iris.get(f"/jobs?{query}").json["items"]
        assert [job["id"] for job in found if job["trial"] is None] == expected, query
    iris.post(f"/jobs/{new}/cancel")
    assert iris.delete("/datasets/iris@2").status_code == 204
    assert [job["id"] for job in iris.get("/jobs?dataset=iris@2").json["items"]] == [new], "lineage outlives it"
    for name in ("none", "iris@3", "no%20name"):
        refused = iris.get(f"/jobs?dataset={name}")
        assert (refused.status_code, refused.json["errors"][0]["parameter"]) == (404, "dataset")


def test_pages_keep_their_place_while_jobs_come_and_go(iris: Api) -> None:
    ids = [ask(iris) for _ in range(6)]
    seen: list[str] = []
    cursor = None
    while True:
        page = iris.get("/jobs", query_string={"limit": 2, **({"cursor": cursor} if cursor else {})}).json
        seen += [job["id"] for job in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        ask(iris)
        if len(seen) == 2:  # the very job that the cursor names goes
            iris.post(f"/jobs/{seen[-1]}/cancel")
            assert iris.delete(f"/jobs/{seen[-1]}").status_code == 204
    assert seen == ids[::-1]


def test_one_request_sent_many_times_at_once_makes_one_job(iris: Api) -> None:
    answers: list[Any] = []

    def send() -> None:
        body = {"dataset": "iris", "target": "species"}
        answers.append(iris.app.test_client().post("/train", json=body, headers={"Idempotency-Key": "k"}))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer.status_code for answer in answers] == [202] * 6
    assert len({answer.data for answer in answers}) == len({answer.headers["Location"] for answer in answers}) == 1
    assert iris.traces()["jobs"] == 1
