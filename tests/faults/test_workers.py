"""F1 to F3, F7 to F9, F14 and F16 of the fault campaign: workers that are killed, stopped, hung, or called often."""

from __future__ import annotations

import pytest

from store.database import Database
from store.settings import Settings
from tests.support import search_faults
from tests.support.campaign import Campaign
from tests.support.faults.failing_processes import die_at_each_point, die_at_every_attempt
from tests.support.faults.hanging_trainer import hang_inside_a_step
from tests.support.faults.killed_worker import kill_training_processes, kill_worker_groups
from tests.support.faults.messages import deliver_many_times
from tests.support.faults.stopped_trainer import resume_beside_a_stopped_trainer
from tests.support.faults.stopped_worker import stop_worker_in_mid_training

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


def test_jobs_whose_training_process_is_killed_end_identical_to_the_bit(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    kill_training_processes(settings, database, campaign.tally("F1", database.url, 50))


def test_jobs_whose_worker_is_killed_end_identical_to_the_bit(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    kill_worker_groups(settings, database, campaign.tally("F2", database.url, 50))


def test_jobs_whose_processes_die_at_named_points_end_identical_to_the_bit(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    die_at_each_point(settings, database, campaign.tally("F3", database.url, 5))


def test_a_message_that_comes_twenty_times_to_two_workers_makes_one_version(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    deliver_many_times(settings, database, campaign.tally("F7", database.url, 50), times=20)


def test_nothing_is_accepted_from_a_trainer_that_slept_past_its_lease(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    resume_beside_a_stopped_trainer(settings, database, campaign.tally("F8", database.url, 20))


def test_a_job_that_kills_its_worker_each_time_fails_and_holds_nobody_up(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    die_at_every_attempt(settings, database, campaign.tally("F9", database.url, 10))


def test_a_worker_that_is_told_to_stop_gives_its_job_back_with_nothing_lost(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    stop_worker_in_mid_training(settings, database, campaign.tally("F14", database.url, 20))


def test_a_training_that_hangs_is_killed_and_goes_on_elsewhere(
    settings: Settings, database: Database, campaign: Campaign
) -> None:
    hang_inside_a_step(settings, database, campaign.tally("F16", database.url, 10))


def test_searches_whose_workers_are_killed_have_each_trial_once_and_one_version(
    settings: Settings, database: Database
) -> None:
    search_faults.kill_workers_in_mid_search(settings, database, kills=25, trials=12)
