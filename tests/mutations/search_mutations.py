"""The guards of searches, as edits that take them out, each with the tests that must notice."""

from tests.mutations.mutations import Mutation

SEARCHES = "tests/unit/store/test_searches.py"
PRUNING = "tests/unit/worker/test_pruning.py"
MOVING_ON = "tests/unit/worker/test_search.py"
SAMPLING = "tests/unit/worker/test_sampling.py"
REAPER = "tests/unit/worker/test_reaper.py"

SEARCH_MUTATIONS = (
    Mutation(
        "a search is moved on by what was read too early",
        "store/searches.py",
        "    fence = Fence(search.id, search.token)\n    fenced(s,",
        "    now_on = s.scalar(select(JobRow.token).where(JobRow.id == search.id)) or 0\n"
        "    fence = Fence(search.id, now_on)\n    fenced(s,",
        SEARCHES,
    ),
    Mutation(
        "the end of a trial does not raise its search's token",
        "store/searches.py",
        ".values(token=JobRow.token + 1)\n        .returning(JobRow)",
        ".values(token=JobRow.token)\n        .returning(JobRow)",
        SEARCHES,
    ),
    Mutation(
        "a cancel does not raise the search's token",
        "store/searches.py",
        "keep, search.token + 1\n",
        "keep, search.token\n",
        SEARCHES,
    ),
    Mutation(
        "a cancelled search has room",
        "store/searches.py",
        "    if search.cancel_requested:\n        return 0\n",
        "",
        SEARCHES,
    ),
    Mutation(
        "a search that has ended takes offers",
        "store/searches.py",
        '.where(JobRow.id == trial.search_id, JobRow.status == "running")',
        ".where(JobRow.id == trial.search_id)",
        SEARCHES,
    ),
    Mutation(
        "of equal trials the last to end is the best",
        "store/candidates.py",
        "return number < search.trial",
        "return True",
        SEARCHES,
    ),
    Mutation(
        "a worse trial takes the place of the best",
        "store/candidates.py",
        "    if not is_better(search, trial.trial, value):\n        return False\n",
        "",
        SEARCHES,
    ),
    Mutation(
        "a trial's job goes while its search runs",
        "store/jobs.py",
        "if job.search_id is not None and",
        "if False and",
        SEARCHES,
    ),
    Mutation(
        "a resumed trial is judged again at an epoch that it passed",
        "worker/pruning.py",
        "            if trial_values.has_passed(s, self._job.id, epoch):\n                return\n",
        "",
        PRUNING,
    ),
    Mutation(
        "a trial's values depend on chance",
        "worker/sampling.py",
        "own = seed_of(seed, Purpose.SEARCH, number)",
        "own = None",
        SAMPLING,
    ),
    Mutation(
        "the sampler does not know which trials are waiting",
        "worker/sampling.py",
        '        known.append(_frozen(config, PastTrial("running", values, None, 0), space))\n',
        "",
        SAMPLING,
    ),
    Mutation(
        "who loses the race to move a search on does not read it again",
        "worker/search.py",
        "        except LeaseLost:\n            continue",
        "        except LeaseLost:\n            return True",
        MOVING_ON,
    ),
    Mutation(
        "a trial's message that was not sent counts as sent",
        "worker/search.py",
        "            if not publish(app, job_id, TRIAL):",
        "            if publish(app, job_id, TRIAL) is None:",
        MOVING_ON,
    ),
    Mutation(
        "a trial's message stands among those of people's jobs",
        "worker/search.py",
        "publish(app, job_id, TRIAL)",
        "publish(app, job_id)",
        "tests/integration/test_worker_priorities.py",
    ),
    Mutation(
        "the reaper does not move searches on",
        "worker/reaper.py",
        "        self._advance_searches()\n",
        "",
        REAPER,
    ),
)
