"""The API's application, in a process that dies where a plan says so."""

from __future__ import annotations

from store.settings import Settings
from tests.support.failpoints import FOLDER
from tests.support.upload_failpoints import UploadFailpoints

UploadFailpoints(Settings().data_dir / FOLDER).install()

from service.wsgi import app  # noqa: E402  (after the failpoints)

__all__ = ["app"]
