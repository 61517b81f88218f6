"""The campaign at its full figures, or at the share of them that ``FAULT_SHARE`` asks for."""

from __future__ import annotations

import pytest

from tests.support.campaign import BOOK, Campaign, share_asked_for


@pytest.fixture
def campaign(pytestconfig: pytest.Config) -> Campaign:
    """Where faults are counted for the table at the end."""
    return Campaign(pytestconfig.stash[BOOK], share_asked_for())
