"""The guards that the fault campaign relies on, as edits that take them out, each with the fault that must notice."""

from tests.mutations.mutations import Mutation

WORKERS = "tests/integration/test_worker_faults.py::"
BROKER = "tests/integration/test_broker_faults.py::"
F1 = WORKERS + "test_f1_jobs_whose_training_process_is_killed_end_identical_to_the_bit"
F2 = WORKERS + "test_f2_jobs_whose_worker_is_killed_end_identical_to_the_bit"
F3 = WORKERS + "test_f3_jobs_whose_processes_die_at_named_points_end_identical_to_the_bit"
F4 = BROKER + "test_f4_a_worker_consumes_again_after_the_broker_was_restarted"
F5 = BROKER + "test_f5_jobs_whose_messages_are_forgotten_run_once"
F6 = BROKER + "test_f6_jobs_that_are_asked_for_without_a_broker_are_accepted_at_once_and_run_later"
F7 = WORKERS + "test_f7_a_message_that_comes_five_times_to_two_workers_makes_one_version"
F8 = WORKERS + "test_f8_nothing_is_accepted_from_a_trainer_that_slept_past_its_lease"
WAKES = WORKERS + "test_a_trainer_that_wakes_beside_the_new_one_stops"
F9 = WORKERS + "test_f9_a_job_that_kills_its_worker_each_time_fails_and_holds_nobody_up"
F16 = WORKERS + "test_f16_a_training_that_hangs_is_killed_and_goes_on_elsewhere"
F11 = "tests/integration/test_line_faults.py"
F13 = "tests/integration/test_database_faults.py"
F17 = "tests/integration/test_many_jobs.py"

FAULT_MUTATIONS = (
    Mutation("F1: the reaper takes nothing back", "worker/reaper.py", "        self._take_back()\n", "", F1),
    Mutation(
        "F2: a claim has no lease",
        "store/leases.py",
        "lease_expires_at=now() + lease_seconds,\n            worker",
        "worker",
        F2,
    ),
    Mutation(
        "F3: each statement is a transaction",
        "store/database.py",
        '    connection.exec_driver_sql(connection.get_execution_options().get("mlp_begin", "BEGIN"))\n',
        "    connection.get_execution_options()\n",
        F3,
    ),
    Mutation(
        "F3: a checkpoint covers epochs that are not reported",
        "worker/checkpointer.py",
        "        self._progress.write()\n",
        "",
        F3,
    ),
    Mutation(
        "F4: a worker gives its broker up",
        "worker/app.py",
        "broker_connection_max_retries=None,",
        "broker_connection_retry=False,",
        F4,
    ),
    Mutation("F5: the reaper publishes nothing", "worker/reaper.py", "        self._publish()\n", "", F5),
    Mutation(
        "F6: a broker that is away is an error",
        "worker/publisher.py",
        "error or type(error)\n        )\n        return False",
        "error or type(error)\n        )\n        raise",
        F6,
    ),
    Mutation(
        "F6: a broker that is silent is waited for",
        "worker/publisher.py",
        "_TIMEOUT_SECONDS = 0.3 ",
        "_TIMEOUT_SECONDS = 5.0 ",
        F6,
    ),
    Mutation(
        "F7: a claim takes what is claimed",
        "store/leases.py",
        '.where(JobRow.id == job_id, JobRow.status == "queued")\n        .values(\n            status="running"',
        '.where(JobRow.id == job_id)\n        .values(\n            status="running"',
        F7,
    ),
    Mutation(
        "F8: a stale worker writes to a job that has ended",
        "store/leases.py",
        "update(JobRow)\n        .where(JobRow.id == fence.job_id, JobRow.token == fence.token, JobRow.status == "
        '"running")',
        "update(JobRow)\n        .where(JobRow.id == fence.job_id)",
        F8,
    ),
    Mutation(
        "F8: a stale worker writes beside the new one",
        "store/leases.py",
        "update(JobRow)\n        .where(JobRow.id == fence.job_id, JobRow.token == fence.token, JobRow.status",
        "update(JobRow)\n        .where(JobRow.id == fence.job_id, JobRow.status",
        WAKES,
    ),
    Mutation("F9: no attempt counts", "store/leases.py", "(0 if row.advanced else 1)", "0", F9),
    Mutation(
        "limits: a trainer is not asked to stop",
        "worker/interrupts.py",
        "        self._stay_within_limits()\n        if",
        "        if",
        "tests/unit/worker/test_limits.py",
    ),
    Mutation(
        "limits: a process stays that does not stop",
        "worker/limits.py",
        "                self._leave()\n",
        "",
        "tests/unit/worker/test_limits.py",
    ),
    Mutation(
        "limits: a job that is out of time is tried again",
        "store/leases.py",
        "row.claimed_seconds >= limit",
        "row.claimed_seconds < 0",
        "tests/unit/store/test_limits.py",
    ),
    Mutation(
        "limits: a claim counts no time",
        "store/leases.py",
        "            claimed_seconds=JobRow.claimed_seconds + lease_seconds,\n",
        "",
        "tests/unit/store/test_limits.py",
    ),
    Mutation(
        "F16: nobody ends a training that stands still",
        "worker/watchdog.py",
        "            faulthandler.dump_traceback_later(self._seconds, exit=True, file=sys.__stderr__ or sys.stderr)\n",
        "",
        F16,
    ),
    Mutation(
        "F11: a database that is silent is waited for",
        "store/database.py",
        "    bound_silence(engine, silence_seconds)\n",
        "",
        F11,
    ),
    Mutation(
        "F13: reports do not wait for the database",
        "worker/progress.py",
        "            if not is_outage(error):\n                raise\n            logger",
        "            if is_outage(error):\n                raise\n            logger",
        F13,
    ),
    Mutation(
        "F17: a job leaves its dataset's file open",
        "worker/training_job.py",
        "        with file:\n",
        "        self._database.engine.__dict__.setdefault('left open', []).append(file)\n        if file:\n",
        F17,
    ),
)
