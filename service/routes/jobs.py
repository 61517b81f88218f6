"""Jobs: listed, shown, cancelled, retried, deleted."""

from __future__ import annotations

from typing import cast

from flask import Response, request

from service.answers import json_answer, no_content
from service.blueprints import blueprint
from service.job_answer import job_answer, trial_answer
from service.pages import a_count, an_id, page, read_cursor
from service.parts import parts, project
from service.problems import Problem, problem_at
from service.request_body import StrictRequest
from service.schemas.base import PageQuery
from service.schemas.jobs import CancelRequest, HistoryAnswer, HistoryQuery, JobAnswer, JobPage, JobPath, JobsQuery
from service.schemas.search import TrialPage
from service.store_problems import check_reference, placed
from service.validation import validated
from store import datasets, histories, jobs, registry, searches
from store.tables import JobRow

routes = blueprint("jobs", __name__, "Jobs")


@routes.get("/jobs", responses={200: JobPage})
def list_jobs(query: JobsQuery) -> Response:
    """Jobs, newest first."""
    before = read_cursor(query.cursor, an_id)
    if query.model is not None:
        with placed(parameter="model"):
            check_reference("model", query.model)
    if query.dataset is not None:
        with placed(parameter="dataset"):
            check_reference("dataset", query.dataset)
    p = parts()
    with p.database.read() as s:
        rows = jobs.find_jobs(
            s,
            project(),
            status=query.status,
            model=query.model,
            kind=query.kind,
            dataset=query.dataset,
            before_id=before,
            limit=query.limit + 1,
        )
        if query.model is not None and not rows and not jobs.find_jobs(s, project(), model=query.model, limit=1):
            with placed(parameter="model"):
                registry.get_model(s, project(), query.model)
        if query.dataset is not None and not rows and not jobs.find_jobs(s, project(), dataset=query.dataset, limit=1):
            with placed(parameter="dataset"):
                datasets.resolve(s, project(), query.dataset)
        latest = histories.latest(s, [row.id for row in rows])
    shown = page(
        rows, query.limit, lambda row: job_answer(row, latest.get(row.id), p.links.of_job(row)), lambda r: r.id
    )
    return json_answer(shown)


@routes.get("/jobs/<job>", responses={200: JobAnswer})
def show_job(path: JobPath) -> Response:
    """One job."""
    check_reference("job", path.job)
    with parts().database.read() as s:
        row = jobs.get_job(s, project(), path.job)
        latest = histories.latest(s, [row.id]).get(row.id)
    return json_answer(job_answer(row, latest, parts().links.of_job(row)))


@routes.get("/jobs/<job>/history", responses={200: HistoryAnswer})
def show_history(path: JobPath, query: HistoryQuery) -> Response:
    """A job's loss history, by epoch."""
    check_reference("job", path.job)
    with parts().database.read() as s:
        jobs.get_job(s, project(), path.job)
        if query.points is not None:
            items = histories.thinned(s, path.job, query.points, after_epoch=query.after_epoch)[: query.limit]
        else:
            items = histories.history(s, path.job, after_epoch=query.after_epoch, limit=query.limit)
    return json_answer({"items": items})


@routes.get("/jobs/<job>/trials", responses={200: TrialPage})
def list_trials(path: JobPath, query: PageQuery) -> Response:
    """The trials of a search, by their number."""
    check_reference("job", path.job)
    after = read_cursor(query.cursor, a_count)
    with parts().database.read() as s:
        if jobs.get_job(s, project(), path.job).kind != "search":
            raise Problem("not_a_search", f"The job {path.job} is no search; it has no trials.")
        rows = searches.trials_of(s, path.job, after=-1 if after is None else after - 1, limit=query.limit + 1)
    # Trials are counted from 0, cursors from 1.
    return json_answer(page(rows, query.limit, trial_answer, lambda row: (row.trial or 0) + 1))


@routes.post(
    "/jobs/<job>/cancel",
    responses={202: JobAnswer},
    openapi_extensions={
        "requestBody": {
            "required": False,
            "content": {"application/json": {"schema": CancelRequest.model_json_schema()}},
        }
    },
)
def cancel_job(path: JobPath) -> Response:
    """Cancel a job: a queued one at once, a running one within a second or so."""
    check_reference("job", path.job)
    body = cast(StrictRequest, request)
    # It may be left out altogether.
    sent = body.read_all(parts().settings.max_json_bytes)
    asked = validated(CancelRequest, body.get_json()) if sent else CancelRequest()
    with parts().database.write() as s:
        row = jobs.get_job(s, project(), path.job)
        if asked.keep == "last" and row.kind == "search":
            detail = "A search keeps the network of its best trial, or none."
            raise problem_at("invalid_value", detail, pointer="/keep")
        if asked.keep is not None and row.kind == "predict":
            raise problem_at("invalid_value", "A prediction has no network to keep.", pointer="/keep")
        row = jobs.request_cancel(s, project(), path.job, asked.keep)
        latest = histories.latest(s, [row.id]).get(row.id)
    if row.search_id is not None:
        parts().dispatcher.dispatch(row.search_id)  # which may have room for another trial now
    return json_answer(job_answer(row, latest, parts().links.of_job(row)), 202)


@routes.post("/jobs/<job>/retry", responses={202: JobAnswer})
def retry_job(path: JobPath) -> Response:
    """Queue a new job that asks for the same as an ended one."""
    check_reference("job", path.job)
    with parts().database.write() as s:
        row = jobs.retry_job(s, project(), path.job, max_queued=parts().settings.max_queued_jobs)
    parts().dispatcher.dispatch(row.id)
    return _accepted(row)


@routes.delete("/jobs/<job>", responses={204: None})
def delete_job(path: JobPath) -> Response:
    """Delete an ended job with its history; a version that it published stays."""
    check_reference("job", path.job)
    with parts().database.write() as s:
        jobs.delete_job(s, project(), path.job)
    return no_content()


def _accepted(row: JobRow) -> Response:
    return json_answer(job_answer(row, None, parts().links.of_job(row)), 202, {"Location": f"/jobs/{row.id}"})
