"""Fixtures of tests that go through several rooms of the house."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from store.settings import Settings
from tests.support.api import Api, running


@pytest.fixture
def api(settings: Settings) -> Iterator[Api]:
    """The API on a fresh database (both kinds in turn), with Flask's own client."""
    with running(settings) as api:
        yield api
