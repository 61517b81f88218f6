"""A request whose JSON is read strictly, under a limit, and whose body's end is known."""

from __future__ import annotations

from typing import Any

from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from service.gate import demand_json
from service.json_body import read_json
from service.parts import parts
from service.problems import Problem


class StrictRequest(Request):
    """Flask's request with `get_json` replaced; the OpenAPI layer validates what it gives."""

    _json: Any = None
    _json_read = False

    def get_json(self, *_args: Any, **_options: Any) -> Any:
        """The body's JSON object.

        Raises
        ------
        Problem
            415 where the body is not said to be JSON, 413 where it is too large, what `read_json` raises,
            and 422 ``wrong_type`` where it is no object.
        """
        if not self._json_read:
            settings = parts().settings
            demand_json(self.headers.get("Content-Type"))
            self._json = read_object(
                self.read_all(settings.max_json_bytes), settings.max_json_depth, settings.max_json_digits
            )
            self._json_read = True
        return self._json

    def read_all(self, limit: int) -> bytes:
        """The whole body.

        Raises
        ------
        Problem
            413 ``body_too_large``, before anything is read where Content-Length says so.
        """
        self.limit_body(limit)
        try:
            return self.get_data(cache=True)
        except RequestEntityTooLarge:
            raise too_large(limit) from None
        except ClientDisconnected:
            raise Problem("bad_request", "The body ended before its Content-Length.") from None

    def limit_body(self, limit: int) -> None:
        """Refuse a body that says it is larger; what does not say so is cut off by the stream."""
        self.max_content_length = limit
        if self.content_length is not None and self.content_length > limit:
            raise too_large(limit)


def read_object(data: bytes, max_depth: int, max_digits: int) -> dict[str, Any]:
    """The JSON object that the bytes mean; 422 ``wrong_type`` where they mean something else."""
    value = read_json(data, max_depth=max_depth, max_digits=max_digits)
    if not isinstance(value, dict):
        raise Problem("wrong_type", "The body should be a JSON object.")
    return value


def too_large(limit: int) -> Problem:
    """The problem of a body over the limit."""
    return Problem("body_too_large", f"The body is larger than {limit:,} bytes.")
