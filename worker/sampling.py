"""The values of a search's next trials, asked of Optuna's samplers.

The study is built anew for each question, from what the database says, so that a trial's values are a function of the
search, the trials before it and its number. Optuna is imported where it is first asked: only searches need it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from core.randomness import Purpose, seed_of
from core.search_config import GRID, RANDOM, SearchConfig
from core.search_space import CHOICE, INT, Parameter
from worker.errors import JobError

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial


@dataclass(frozen=True)
class PastTrial:
    """A trial that was asked for before.

    Attributes
    ----------
    state : str
        As `store.searches.trial_state` has it.
    values : dict
        By path.
    outcome : float or None
        What it came to, of a complete or pruned one.
    epoch : int
        How far it came.
    """

    state: str
    values: dict[str, Any]
    outcome: float | None
    epoch: int


@cache
def optuna() -> ModuleType:
    """Optuna, logging through our own handlers from warnings on.

    Raises
    ------
    JobError
        ``not_available`` where it is not installed.
    """
    try:
        import optuna as found
        import optuna.distributions
        import optuna.pruners
        import optuna.samplers
        import optuna.trial
    except ImportError as error:
        hint = "Install the service with its extra `search`: pip install 'mlp-service[search]'."
        raise JobError("not_available", "A search needs Optuna, which is not installed here.", hint) from error
    found.logging.disable_default_handler()
    found.logging.enable_propagation()
    found.logging.set_verbosity(found.logging.WARNING)
    return found


def next_values(config: SearchConfig, seed: int, trials: Sequence[PastTrial], count: int) -> list[dict[str, Any]]:
    """The values of the next trials, by path.

    Parameters
    ----------
    seed : int
        Of the search.
    trials : sequence of PastTrial
        All trials so far, by number.

    Raises
    ------
    JobError
        ``not_available``.
    """
    library = optuna()
    space = {parameter.path: _distribution(parameter) for parameter in config.space}
    known = [_frozen(config, trial, space) for trial in trials]
    found = []
    for number in range(len(trials), len(trials) + count):
        direction = "minimize" if config.lower_is_better else "maximize"
        # Without a pruner: of trials that run in other processes it could know nothing (`worker.pruning`).
        study = library.create_study(
            direction=direction, sampler=_sampler(config, seed, number), pruner=library.pruners.NopPruner()
        )
        study.add_trials(known)
        asked = study.ask(fixed_distributions=space).params
        values = {
            each.path: each.values[asked[each.path]] if each.type == CHOICE else asked[each.path]
            for each in config.space
        }
        found.append(values)
        known.append(_frozen(config, PastTrial("running", values, None, 0), space))
    return found


def _sampler(config: SearchConfig, seed: int, number: int) -> BaseSampler:
    samplers = optuna().samplers
    if config.sampler.name == GRID:
        # One seed for all trials: the n-th one takes the n-th point of the same shuffled grid.
        points = {each.path: _points(each) for each in config.space}
        grid: BaseSampler = samplers.GridSampler(points, seed=seed_of(seed, Purpose.SEARCH, 0))
        return grid
    own = seed_of(seed, Purpose.SEARCH, number)
    sampler: BaseSampler = (
        samplers.RandomSampler(seed=own)
        if config.sampler.name == RANDOM
        else samplers.TPESampler(seed=own, n_startup_trials=config.sampler.startup_trials, constant_liar=True)
    )
    return sampler


def _points(parameter: Parameter) -> list[int]:
    if parameter.type == CHOICE:
        return list(range(len(parameter.values)))
    low, high = parameter.bounds
    return list(range(int(low), int(high) + 1))


def _distribution(parameter: Parameter) -> BaseDistribution:
    """A choice is known to Optuna by its place: it takes no lists."""
    distributions = optuna().distributions
    found: BaseDistribution
    if parameter.type == CHOICE:
        found = distributions.CategoricalDistribution(range(len(parameter.values)))
    elif parameter.type == INT:
        found = distributions.IntDistribution(*parameter.bounds, log=parameter.log)
    else:
        found = distributions.FloatDistribution(*parameter.bounds, log=parameter.log)
    return found


def _frozen(config: SearchConfig, trial: PastTrial, space: dict[str, BaseDistribution]) -> FrozenTrial:
    trials = optuna().trial
    values = trial.values
    params = {
        each.path: each.index(values[each.path]) if each.type == CHOICE else values[each.path] for each in config.space
    }
    states = trials.TrialState
    state = {
        "complete": states.COMPLETE,
        "pruned": states.PRUNED,
        "queued": states.RUNNING,
        "running": states.RUNNING,
    }.get(trial.state, states.FAIL)
    seen = {trial.epoch: trial.outcome} if state == states.PRUNED and trial.outcome is not None else {}
    frozen: FrozenTrial = trials.create_trial(
        state=state,
        value=trial.outcome if state == states.COMPLETE else None,
        params=params,
        distributions=space,
        intermediate_values=seen,
    )
    return frozen
