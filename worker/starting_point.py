"""What a training that does not begin at random begins with: a version's weights and encodings."""

from __future__ import annotations

from dataclasses import dataclass

from core.encoding import Encoding
from core.network import MLP
from core.targets import TargetEncoding
from store import registry
from store.database import Database
from store.errors import NotFound
from store.networks import network_of
from worker.errors import JobError
from worker.job_config import JobConfig


@dataclass(frozen=True, eq=False)
class StartingPoint:
    """A version's network, and the encodings that its inputs and outputs mean something in."""

    network: MLP
    encoding: Encoding
    target_encoding: TargetEncoding


def starting_point(database: Database, project: str, config: JobConfig) -> StartingPoint | None:
    """The version that the job names; None where it names none.

    Raises
    ------
    JobError
        ``version_not_found`` when the version has been deleted since it was asked for.
    """
    if config.initialize_from is None:
        return None
    model, version = config.initialize_from["model"], config.initialize_from["version"]
    try:
        with database.read() as s:
            row = registry.get_version(s, project, model, version)
            weights = registry.load_weights(s, row)
    except NotFound as error:
        raise JobError("version_not_found", f"The version {model}/{version} has been deleted.") from error
    return StartingPoint(
        network_of(row, weights), Encoding.from_dict(row.encoding), TargetEncoding.from_dict(row.target_encoding)
    )
