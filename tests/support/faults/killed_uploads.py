"""F10: the API dies between the row, the file and the commit of an upload."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx

from store.database import Database
from store.settings import Settings
from tests.support.campaign import Tally
from tests.support.failpoints import plan, taken
from tests.support.interrupted_uploads import check_nothing_is_left, free_port, is_back
from tests.support.training import points_table
from tests.support.upload_failpoints import POINTS
from tests.support.workers import Part, wait_until

_ROWS = 500
_BACK_SECONDS = 60.0


def die_at_points_of_an_upload(
    settings: Settings, database: Database, folder: Path, tally: Tally, *, points: int = len(POINTS)
) -> None:
    """F10. At whichever point it dies, the table is whole or absent, and the same request again makes it whole, once.

    After the sweep the files are those of the datasets, one each.

    Parameters
    ----------
    points : int
        So many in each round, drawn at random.
    """
    settings = settings.model_copy(update={"port": free_port(), "upload_lease_seconds": 1.0})
    url = f"http://127.0.0.1:{settings.port}"
    sent = 0
    with Part("tests.support.failing_api", settings, folder / "api.log", "Started worker-1") as api:
        for _ in range(tally.rounds):
            with tally.round(points):
                for point in tally.moments.sample(list(POINTS), points):
                    sent += 1
                    name, table = f"table{sent}", points_table(_ROWS, seed=sent)
                    plan(settings.data_dir, name, POINTS[point])
                    (serving,) = api.children()
                    assert _send(url, name, table) is None, f"{point}: it lived, and answered"
                    assert taken(settings.data_dir, name) == 1
                    struck_at = time.monotonic()
                    wait_until(lambda was=serving: is_back(api, was, url), seconds=_BACK_SECONDS, what="the API")  # type: ignore[misc]
                    tally.recovered(time.monotonic() - struck_at, within=_BACK_SECONDS)
                    whole = point == "after the commit"
                    assert _found(url, name) == ([_ROWS] if whole else []), point
                    answer = _send(url, name, table)
                    assert answer is not None
                    assert (answer["rows"], answer["version"]) == (_ROWS, 1)
                    assert _found(url, name) == [_ROWS], point
    check_nothing_is_left(settings, database, datasets=sent)


def _send(url: str, name: str, table: bytes) -> dict[str, Any] | None:
    """Upload the table under a key of its name; the dataset, or None where the connection broke."""
    headers = {"Content-Type": "text/csv", "Idempotency-Key": name}
    try:
        answer = httpx.post(f"{url}/datasets", params={"name": name}, content=table, headers=headers, timeout=30)
    except httpx.TransportError:
        return None
    assert answer.status_code == 201, answer.text  # the repeated one too: it is answered like the first
    return dict(answer.json())


def _found(url: str, name: str) -> list[int]:
    """Rows of each version that shows."""
    answer = httpx.get(f"{url}/datasets", params={"name": name}, timeout=30)
    return [each["rows"] for each in answer.json()["items"]] if answer.status_code != 404 else []
