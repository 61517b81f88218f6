"""The mutations of the registry: what guards an alias, a comparison and the log of predictions."""

from __future__ import annotations

from tests.mutations.mutations import Mutation

ALIASES = "tests/unit/store/test_aliases.py"
CHALLENGE = "tests/integration/test_api_challenge.py"
LOG = "tests/integration/test_api_prediction_log.py"

REGISTRY_MUTATIONS = (
    Mutation(
        "an alias moves though it has moved since it was compared",
        "store/aliases.py",
        "if (None if other is None else other.version) != before:",
        "if False:",
        ALIASES,
    ),
    Mutation("a PUT back is a rollback", "store/aliases.py", 'if kind == "rollback":', "if version in way:", ALIASES),
    Mutation(
        "a challenger that is only as good takes the place",
        "service/challenge.py",
        "gain > 0 and gain >= least",
        "gain >= least",
        CHALLENGE,
    ),
    Mutation(
        "metrics of different rows are compared",
        "service/held_out.py",
        " and _split(one) == _split(other)",
        "",
        CHALLENGE,
    ),
    Mutation(
        "the plain way of a body passes the log by",
        "service/plain_answers.py",
        "if rows is None or self._predictor.logged_share(chosen.selection):",
        "if rows is None:",
        LOG,
    ),
    Mutation(
        "the plain way of an address passes the log by",
        "service/plain_answers.py",
        "if texts is None or self._predictor.logged_share(chosen.selection):",
        "if texts is None:",
        LOG,
    ),
)
