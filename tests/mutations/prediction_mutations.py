"""The guards of predictions of datasets, as edits that take them out."""

from tests.mutations.mutations import Mutation

JOB = "tests/unit/worker/test_prediction_job.py::"
ATTEMPTS = "tests/unit/worker/test_prediction_attempts.py::"
API = "tests/integration/test_api_dataset_predictions.py::"
BLOCKS = JOB + "test_a_table_of_many_row_groups_is_predicted_in_blocks_to_the_bits_of_its_rows_at_once"
STAYS = API + "test_what_an_unfinished_prediction_needs_stays"

PREDICTION_MUTATIONS = (
    Mutation(
        "predictions: the dataset is made before the claim is known to hold",
        "worker/ending.py",
        "    leases.finish(s, fence, status, trial_value=trial_value, **values)\n    if dataset is not None:\n"
        "        made, _ = datasets.complete_upload(s, dataset.upload_id, **dataset.contents())\n",
        "    if dataset is not None:\n"
        "        made, _ = datasets.complete_upload(s, dataset.upload_id, **dataset.contents())\n"
        "        s.commit()\n"
        "    leases.finish(s, fence, status, trial_value=trial_value, **values)\n    if dataset is not None:\n",
        ATTEMPTS + "test_a_claim_that_was_taken_away_makes_nothing",
    ),
    Mutation(
        "predictions: what a lost attempt wrote stays",
        "store/upload.py",
        "    finally:\n        _undo(database, files, upload.id, upload.blob_key)\n",
        "    finally:\n        pass\n",
        ATTEMPTS + "test_a_claim_that_was_taken_away_makes_nothing",
    ),
    Mutation(
        "predictions: blocks end with the row groups",
        "store/parquet.py",
        "                    waiting, rows = table.slice(size).to_batches(), rows - size\n",
        "                    waiting, rows = table.slice(size).to_batches(), rows - size\n"
        "            if rows:\n                yield pa.Table.from_batches(waiting)\n"
        "            waiting, rows = [], 0\n",
        BLOCKS,
    ),
    Mutation(
        "predictions: a version can be deleted under a job",
        "store/registry.py",
        "    check_unneeded(s, project, name, version)\n",
        "",
        STAYS,
    ),
    Mutation(
        "predictions: a model can be deleted under a job",
        "store/registry.py",
        "    check_unneeded(s, project, name)\n",
        "",
        STAYS,
    ),
    Mutation(
        "predictions: a retry asks whichever version answers",
        "store/jobs.py",
        'model_version=job.model_version if job.kind == "predict" else None,',
        "",
        STAYS,
    ),
    Mutation(
        "predictions: a name that is taken is taken again",
        "worker/result_columns.py",
        "    used = set(taken)\n",
        "    used: set[str] = set()\n",
        "tests/unit/worker/test_result_columns.py::test_a_name_that_is_taken_gets_the_next_number",
    ),
    Mutation(
        "predictions: progress goes back",
        "worker/row_progress.py",
        "epoch=max(done, self._seen_rows)",
        "epoch=done",
        ATTEMPTS + "test_a_job_that_dies_at_the_same_rows_each_time_is_out_of_attempts_in_the_end",
    ),
    Mutation(
        "predictions: a column of another type is taken",
        "service/dataset_prediction.py",
        "elif not _fits(feature",
        "elif False and not _fits(feature",
        "tests/integration/test_api_bad_dataset_predictions.py::test_what_does_not_fit_the_version_is_told_at_once",
    ),
    Mutation(
        "predictions: an upload that is still written is given up",
        "worker/row_progress.py",
        "            datasets.renew_upload(s, self._upload_id, lease_seconds=self._upload_seconds)\n",
        "",
        ATTEMPTS + "test_an_upload_that_is_written_for_long_is_not_given_up",
    ),
)
