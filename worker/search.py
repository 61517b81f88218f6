"""Moving a search on: reading the study, asking for trials, queueing them, ending it."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Any

from core.configuration import TrainingConfig
from core.errors import InvalidConfiguration
from core.search_space import with_values
from store import messages, searches
from store.database import Database
from store.errors import Conflict, LeaseLost
from store.searches import NewTrial, Study
from store.tables import JobRow
from worker.app import TRIAL
from worker.errors import JobError, internal_error, job_error
from worker.outages import is_outage
from worker.publisher import publish
from worker.sampling import PastTrial, next_values

if TYPE_CHECKING:
    from celery import Celery

logger = logging.getLogger(__name__)


def advance_search(database: Database, app: Celery, search_id: str) -> bool:
    """Queue the trials that a search has room for, or end it; False where it does not run.

    Many may do this at once, and at any moment: each reads the study as it is and writes only where nothing has
    happened to it since. Whoever comes too late reads again.
    """
    while True:
        with database.read() as s:
            study = searches.read_study(s, search_id)
        if study is None:
            return False
        try:
            new = _asked(study)
            if not new and study.ended < len(study.trials) and study.ended == study.search.epoch:
                return True  # nothing has changed
            with database.write() as s:
                queued = searches.advance(s, study, new)
        except LeaseLost:
            continue
        except (JobError, Conflict) as error:
            _fail(database, search_id, job_error(error) or {})
            return True
        except Exception as error:
            if is_outage(error):
                raise
            # Nobody waits for this call: what it cannot do it would not be able to do next time either.
            incident = secrets.token_hex(4)
            logger.exception("Search %s failed, incident %s", search_id, incident)
            _fail(database, search_id, internal_error(incident))
            return True
        for job_id in queued:
            if not publish(app, job_id, TRIAL):
                with database.write() as s:
                    messages.unmark_published(s, job_id)
        if all(trial.error is None for trial in new):
            logger.info("Search %s: %d of its trials have ended, %d are new", search_id, study.ended, len(new))
            return True


def try_to_advance(database: Database, app: Celery, search_id: str) -> bool:
    """Move a search on, or leave it to the reaper where the database is away; False where it does not run."""
    try:
        return advance_search(database, app, search_id)
    except Exception as error:
        if not is_outage(error):
            raise
        logger.warning("Search %s is left to the reaper, the database is away: %s", search_id, error)
        return True


def _asked(study: Study) -> list[NewTrial]:
    count = study.room
    if count == 0:
        return []
    base = study.search.config
    seed = TrainingConfig.from_dict(base["training"]).seed
    past = [_past(trial) for trial in study.trials]
    return [_new_trial(base, values) for values in next_values(study.config, seed, past, count)]


def _past(trial: JobRow) -> PastTrial:
    return PastTrial(searches.trial_state(trial), trial.config["trial"], trial.trial_value, trial.epoch)


def _new_trial(base: dict[str, Any], values: dict[str, Any]) -> NewTrial:
    """A job like the search's, with the values in its training; one that has failed where they do not go together."""
    config = {name: value for name, value in base.items() if name != "search"} | {"trial": values}
    config["inferred"] = {name: value for name, value in base["inferred"].items() if name not in values}
    try:
        training = TrainingConfig.from_dict(with_values(base["search"]["fields"], values))
    except InvalidConfiguration as error:
        return NewTrial(config, 0, job_error(error))
    return NewTrial(config | {"training": training.to_dict()}, training.epochs)


def _fail(database: Database, search_id: str, error: dict[str, Any]) -> None:
    logger.warning("Search %s failed: %s", search_id, error.get("detail"))
    with database.write() as s:
        searches.fail(s, search_id, error)
