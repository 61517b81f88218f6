"""``kill -9`` of the API at random moments of an upload, and what must be true afterwards."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from pathlib import Path

import httpx
from sqlalchemy import func, select

from store.database import Database
from store.files import FileStore
from store.settings import Settings
from store.sweep import sweep_datasets
from store.tables import DatasetRow
from tests.support.campaign import Tally
from tests.support.training import points_table
from tests.support.workers import Part, wait_until

_ROWS = 20_000
_HALF_SECOND = 0.5


def kill_the_api_in_mid_upload(settings: Settings, database: Database, folder: Path, tally: Tally) -> None:
    """Kill the serving process under an upload: no part of a dataset shows, the same upload works afterwards.

    After the sweep the files are those of the datasets, one each.
    """
    kills = tally.rounds
    settings = settings.model_copy(update={"port": free_port(), "upload_lease_seconds": 1.0})
    url = f"http://127.0.0.1:{settings.port}"
    cut_off = 0
    with Part("service.server", settings, folder / "api.log", "Started worker-1") as api:
        longest = max(_upload(url, "first", points_table(_ROWS)) for _ in range(2))
        for number in range(kills):
            name, table = f"table{number}", points_table(_ROWS, seed=number)
            (serving,) = api.children()
            answer: list[float | None] = []
            sender = threading.Thread(target=lambda: answer.append(_try_upload(url, name, table)))  # noqa: B023
            sender.start()
            time.sleep(tally.moments.uniform(0.0, 0.9 * longest))  # the moment of the fault is what is random
            os.kill(serving, signal.SIGKILL)
            sender.join(30)
            assert not sender.is_alive()
            cut_off += answer == [None]
            wait_until(lambda was=serving: is_back(api, was, url), seconds=60, what="the API")  # type: ignore[misc]
            with httpx.Client(base_url=url, timeout=30) as client:
                answer_now = client.get("/datasets", params={"name": name})
                found = answer_now.json()["items"] if answer_now.status_code != 404 else []
                assert [each["rows"] for each in found] in ([], [_ROWS]), "a part of a dataset shows"
                assert found or answer == [None], "a dataset that was answered for is gone"
            _upload(url, name, table)
    print(f"{cut_off} of {kills} uploads were cut off")
    assert cut_off > 0 or kills < 10, "no upload was cut off"
    check_nothing_is_left(settings, database, datasets=kills + 1)


def check_nothing_is_left(settings: Settings, database: Database, *, datasets: int) -> None:
    """After the sweep there are so many datasets, and a file for each and no other."""
    files = FileStore(settings.resolved_data_url)

    def swept() -> bool:
        sweep_datasets(database, files, orphan_seconds=_HALF_SECOND)
        return _unfinished(database) == 0

    wait_until(swept, seconds=10, what="the sweep of what was given up")
    # What was orphaned by the last kill is old enough by now, and so are the files of the rows swept just now.
    sweep_datasets(database, files, orphan_seconds=0.0)
    with database.read() as s:
        owned = list(s.scalars(select(DatasetRow.blob_key).where(DatasetRow.status == "ready")))
    assert len(owned) == datasets
    assert sorted(key for key, _ in files.list()) == sorted(owned)


def _upload(url: str, name: str, table: bytes) -> float:
    """Upload the table; how long it took, s."""
    began = time.monotonic()
    answer = httpx.post(
        f"{url}/datasets", params={"name": name}, content=table, headers={"Content-Type": "text/csv"}, timeout=30
    )
    assert answer.status_code in (200, 201), answer.text
    assert answer.json()["rows"] == _ROWS
    return time.monotonic() - began


def _try_upload(url: str, name: str, table: bytes) -> float | None:
    try:
        return _upload(url, name, table)
    except httpx.TransportError:
        return None


def is_back(api: Part, killed: int, url: str) -> bool:
    """Whether another process serves; granian gives up after two deaths in a row, and the stack starts it anew."""
    if not api.running:
        api.start()
    return killed not in api.children() and _answers(url)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/healthz", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


def _unfinished(database: Database) -> int:
    with database.read() as s:
        return s.scalar(select(func.count()).where(DatasetRow.status == "uploading")) or 0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
