"""GET /jobs/{j}/events: a job's epochs and states as a stream of server-sent events."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

from flask import Response, request

from service.answers import no_content
from service.blueprints import blueprint
from service.json_bytes import json_bytes
from service.parts import parts, project
from service.problems import problem_at
from service.schemas.jobs import JobPath
from service.store_problems import check_reference
from service.streams import Streams
from service.watched_job import Snapshot

routes = blueprint("events", __name__, "Jobs")

COMMENT_SECONDS = 10.0
LOOK_SECONDS = 1.0  # how often a quiet stream looks whether another one waits for its place
LIFE_SECONDS = 3600.0  # then the stream ends and the client, which knows how, resumes
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_RETRY = b"retry: 2000\n\n"


@routes.get(
    "/jobs/<job>/events",
    responses={
        200: {
            "description": "`event: epoch` with `id: <epoch>`; `event: status` without an id, the terminal one last.",
            "content": {"text/event-stream": {}},
        },
        204: {"description": "The job has ended and every epoch was received."},
    },
)
def stream_events(path: JobPath) -> Response:
    """Follow a job; `Last-Event-ID` resumes after an epoch."""
    check_reference("job", path.job)
    feed = parts().feed
    last = _last_event_id()
    snapshot, newest = feed.look(project(), path.job)
    if last is not None and snapshot.ended and last >= newest:
        return no_content()
    if request.method == "HEAD":
        return Response(content_type="text/event-stream", headers=_HEADERS)
    slot = parts().streams.take()
    following = feed.follow(project(), path.job, after_epoch=last or 0, wait_seconds=min(LOOK_SECONDS, COMMENT_SECONDS))
    response = Response(_lines(following, parts().streams), content_type="text/event-stream", headers=_HEADERS)
    # Also where the stream was never begun, since its client has gone.
    response.call_on_close(slot.give_back)
    return response


def _lines(following: Generator[Any, None, None], streams: Streams) -> Iterator[bytes]:
    end = time.monotonic() + LIFE_SECONDS
    yield _RETRY
    written = time.monotonic()
    with closing(following):
        for happening in following:
            if happening is None:
                # Only writing tells that a client has gone.
                if time.monotonic() - written < COMMENT_SECONDS and not streams.wanted:
                    continue
                yield b": waiting\n\n"
            elif isinstance(happening, Snapshot):
                yield b"event: status\ndata: " + json_bytes(happening.data) + b"\n\n"
            else:
                yield b"event: epoch\nid: %d\ndata: %s\n\n" % (happening["epoch"], json_bytes(happening))
            written = time.monotonic()
            if written > end:
                return


def _last_event_id() -> int | None:
    text = request.headers.get("Last-Event-ID", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise problem_at("invalid_value", "Last-Event-ID takes the number of an epoch.", parameter="Last-Event-ID")
    return int(text)
