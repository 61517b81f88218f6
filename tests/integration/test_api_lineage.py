"""Where versions come from, as the API tells it."""

from __future__ import annotations

from sqlalchemy import update

from store.registry_tables import ModelVersionRow
from tests.support.api import Api
from worker.lineage import code_version

QUICK = {"epochs": 1, "importance_repeats": 0, "network": {"hidden": [4]}}


def test_a_version_tells_what_it_was_made_of_and_with(api: Api) -> None:
    dataset = api.upload_iris()
    first = api.trained(dataset="iris", target="species", **QUICK)
    begun = {"model": "iris", "version": 1}
    api.trained(dataset="iris", target="species", initialize_from=begun, **QUICK)
    search = {"trials": 1, "sampler": {"name": "random"}, "space": {"seed": {"type": "choice", "choices": [1]}}}
    search_job = api.trained(dataset="iris", target="species", search=search, **QUICK)
    file = api.get("/models/iris/versions/1/weights").data
    assert api.post("/models/iris/versions", data=file, content_type="application/octet-stream").status_code == 201
    trained, tuned, searched, imported = (api.get(f"/models/iris/versions/{n}").json for n in (1, 2, 3, 4))

    lineage = trained["lineage"]
    assert lineage["dataset"] == {"id": dataset["id"], "name": "iris", "version": 1, "sha256": dataset["sha256"]}
    assert (lineage["source"], lineage["job"], lineage["bit_identical"]) == ("trained", first["id"], True)
    assert lineage["code"] == code_version()
    assert {"engine", "numpy", "blas", "processor"} <= set(lineage["fingerprint"])
    assert lineage["initialize_from"] is None

    assert tuned["lineage"]["initialize_from"] == {**begun, "sha256": trained["sha256"]}
    assert tuned["lineage"]["config_sha256"] != lineage["config_sha256"]

    (trial,) = api.get(f"/jobs/{search_job['id']}/trials").json["items"]
    found = searched["lineage"]
    assert (searched["job"], found["job"]) == (search_job["id"], trial["job"])
    assert (found["search"], found["trial"]) == (search_job["id"], 0)

    found = imported["lineage"]
    assert (found["source"], found["imported_from"]) == ("imported", "safetensors")
    assert [found[name] for name in ("dataset", "job", "code", "fingerprint", "bit_identical")] == [None] * 5

    with api.parts.database.write() as s:  # as one from before it was recorded
        s.execute(update(ModelVersionRow).where(ModelVersionRow.version == 1).values(lineage=None))
    before = api.get("/models/iris/versions/1").json["lineage"]
    assert (before["job"], before["code"], before["dataset"]) == (first["id"], None, lineage["dataset"])
