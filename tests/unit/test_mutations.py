"""The list of mutations is in step with the code; `make test-mutations` runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutations.__main__ import ALL
from tests.mutations.mutations import Mutation

ROOT = Path(__file__).resolve().parents[2]


def test_there_are_at_least_twenty_under_names_of_their_own() -> None:
    assert len(ALL) >= 20
    assert len({mutation.name for mutation in ALL}) == len(ALL)


@pytest.mark.parametrize("mutation", ALL, ids=lambda mutation: mutation.name)
def test_the_guard_that_a_mutation_takes_out_stands_once(mutation: Mutation) -> None:
    assert (ROOT / mutation.file).read_text().count(mutation.before) == 1
    assert mutation.after != mutation.before
    for path in mutation.tests.split():
        file, _, test = path.partition("::")
        assert (ROOT / file).exists()
        assert f"def {test}" in (ROOT / file).read_text()
