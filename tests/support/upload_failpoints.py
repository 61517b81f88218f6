"""Places in the life of an upload where the process that takes it in can be made to die, by the dataset's name."""

from __future__ import annotations

import threading

from store import datasets, parquet
from tests.support.failpoints import Failpoints, Step

POINTS: dict[str, Step] = {
    "before there is a row": Step("row", "before"),
    "the row is not committed": Step("row", "uncommitted"),
    "a row without a file": Step("row", "committed"),
    "a file that has not got its name": Step("file", "committed"),
    "a file whose row is not ready": Step("ready", "before"),
    "before the commit": Step("ready", "uncommitted"),
    "after the commit": Step("ready", "committed"),
}


class UploadFailpoints(Failpoints):
    """The plans in a folder, one file for each name of a dataset."""

    def install(self) -> None:
        """Put a failpoint at each place."""
        upload = threading.local()  # one thread sees an upload through

        def begun(_session: object, _project: str, name: str, **_: object) -> str:
            upload.name = name
            return name

        self._watch_transactions()
        self._wrap("row", datasets, "begin_upload", begun)
        self._wrap("file", parquet, "write", lambda *_: str(upload.name), opens=False, after=True)
        self._wrap("ready", datasets, "complete_upload", lambda *_, **__: str(upload.name))
