"""GET /jobs/{j}/events: a job's epochs and states as a stream of server-sent events.

A stream that goes on holds one of the server's threads, so there are only so many. Whoever finds them taken gets a
short one: all that is new, at once, and the word to come again, as every client of server-sent events does by itself.
Long streams end after a while where others had to be content with short ones, so that their places go round.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
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
TURN_SECONDS = 10.0  # the same, where another one waits for its place
MOST_AT_ONCE = 5000  # items of a short stream, about a megabyte
_AGAIN_MILLISECONDS = range(2000, 4000)  # spread, so that those who came together do not come again together
_STRIDE = 1237  # about the golden section of that range, to which it has no common divisor
_SOON_MILLISECONDS = 100  # where a short stream did not hold all
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_RETRY = b"retry: 2000\n\n"
_numbers = itertools.count()


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
    snapshot, newest = feed.state(project(), path.job)
    if last is not None and snapshot.ended and last >= newest:
        return no_content()
    if request.method == "HEAD":
        return Response(iter(()), content_type="text/event-stream", headers=_HEADERS)  # a stream has no length
    slot = parts().streams.take()
    if slot is None:
        items = feed.since(project(), path.job, last or 0, MOST_AT_ONCE)
        whole = (items[-1]["epoch"] if items else last or 0) >= newest
        return Response(_short(snapshot, items, whole=whole), content_type="text/event-stream", headers=_HEADERS)
    following = feed.follow(project(), path.job, after_epoch=last or 0, wait_seconds=min(LOOK_SECONDS, COMMENT_SECONDS))
    response = Response(_lines(following, parts().streams), content_type="text/event-stream", headers=_HEADERS)
    # Also where the stream was never begun, since its client has gone.
    response.call_on_close(slot.give_back)
    return response


def _lines(following: Generator[Any, None, None], streams: Streams) -> Iterator[bytes]:
    began = written = time.monotonic()
    yield _RETRY
    with closing(following):
        for happening in following:
            if happening is None:
                # Only writing tells that a client has gone.
                if time.monotonic() - written < COMMENT_SECONDS and not streams.wanted:
                    continue
                yield b": waiting\n\n"
            elif isinstance(happening, Snapshot):
                yield _status(happening)
            else:
                yield b"".join(map(_epoch, happening))
            written = time.monotonic()
            if isinstance(happening, list):
                continue  # the end may come next, which a client should not have to ask for
            if written - began > (TURN_SECONDS if streams.wanted else LIFE_SECONDS):
                return


def _short(snapshot: Snapshot, items: Sequence[Mapping[str, Any]], *, whole: bool) -> bytes:
    """A stream that has ended: what there is now, the terminal state, if any, last."""
    spread = _AGAIN_MILLISECONDS[next(_numbers) * _STRIDE % len(_AGAIN_MILLISECONDS)]
    events = [b"retry: %d\n\n" % (spread if whole else _SOON_MILLISECONDS)]
    if not snapshot.ended:
        events.append(_status(snapshot))
    events.extend(map(_epoch, items))
    if snapshot.ended and whole:
        events.append(_status(snapshot))
    return b"".join(events)


def _status(snapshot: Snapshot) -> bytes:
    return b"event: status\ndata: " + json_bytes(snapshot.data) + b"\n\n"


def _epoch(item: Mapping[str, Any]) -> bytes:
    return b"event: epoch\nid: %d\ndata: %s\n\n" % (item["epoch"], json_bytes(item))


def _last_event_id() -> int | None:
    text = request.headers.get("Last-Event-ID", "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        raise problem_at("invalid_value", "Last-Event-ID takes the number of an epoch.", parameter="Last-Event-ID")
    return int(text)
