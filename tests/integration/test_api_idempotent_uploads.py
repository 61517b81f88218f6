"""An upload that is sent again under its key is answered as the first time."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.support.api import Api

CSV = "a,b\n1,2\n3,4\n"


def send(api: Api, csv: str = CSV, name: str = "table", key: str | None = "k") -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    client = api.app.test_client()
    return client.post(f"/datasets?name={name}", data=csv, content_type="text/csv", headers=headers)


def test_the_answer_is_the_first_one(api: Api) -> None:
    first = send(api)
    assert first.status_code == 201
    later = send(api, "a,b\n5,6\n", key=None)
    assert (later.status_code, later.json["version"]) == (201, 2)
    again = send(api)
    assert (again.status_code, again.data) == (201, first.data)
    same = send(api, key="other")
    assert (same.status_code, same.json["id"]) == (200, first.json["id"])
    assert send(api, key="other").status_code == 200
    assert send(api, key=None).status_code == 200


@pytest.mark.parametrize("change", [{"csv": "a,b\n1,3\n"}, {"name": "another"}])
def test_another_body_under_the_key_is_refused_and_leaves_nothing(api: Api, change: dict[str, str]) -> None:
    send(api)
    before = api.traces()
    refused = send(api, **change)
    assert (refused.status_code, refused.json["code"]) == (422, "idempotency_key_reused")
    assert refused.json["errors"][0]["parameter"] == "Idempotency-Key"
    assert api.traces() == before


def test_a_key_is_forgotten_with_its_dataset(api: Api) -> None:
    made = send(api).json["id"]
    assert api.delete(f"/datasets/{made}").status_code == 204
    anew = send(api)
    assert (anew.status_code, anew.json["version"]) == (201, 2)


def test_one_upload_sent_many_times_at_once_makes_one_dataset(api: Api) -> None:
    answers: list[Any] = []
    threads = [threading.Thread(target=lambda: answers.append(send(api))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.data for answer in answers}) == 1
    assert api.traces()["datasets"] == 1
    assert api.traces()["files"] == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "é"])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_key_that_cannot_be_one_is_named(api: Api, key: str) -> None:
    refused = send(api, key=key)
    assert (refused.status_code, refused.json["errors"][0]["parameter"]) == (422, "Idempotency-Key")
