"""A request whose body is read strictly: counted, under a limit, and its JSON as `service.json_body` has it."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, cast

from flask import Request
from werkzeug.formparser import FormDataParser
from werkzeug.utils import cached_property

from service.gate import demand_json, refuse_encoding
from service.incoming_body import IncomingBody, too_large
from service.json_body import read_json
from service.parts import parts
from service.problems import Problem

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class StrictRequest(Request):
    """Flask's request with its stream and `get_json` replaced; the OpenAPI layer validates what the latter gives."""

    _json: Any = None
    _json_read = False
    _limit: int | None = None
    _incoming: IncomingBody | None = None

    def __init__(self, environ: WSGIEnvironment, *args: Any, **options: Any) -> None:
        super().__init__(environ, *args, **options)
        self._files: list[IO[bytes]] = []

    @cached_property
    def stream(self) -> IO[bytes]:
        """The body, of which every reader takes: the form parser too."""
        refuse_encoding(self.headers.get("Content-Encoding"))
        length = self.content_length
        if length is None and not self.environ.get("wsgi.input_terminated"):
            length = 0  # nobody says where it ends
        self._incoming = IncomingBody(
            self.environ["wsgi.input"],
            length=length,
            limit=parts().settings.max_json_bytes if self._limit is None else self._limit,
            take_place=parts().receiving.take,
        )
        return cast(IO[bytes], self._incoming)

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

    @property
    def read_json(self) -> Any:
        """What `get_json` gave, None before."""
        return self._json

    def read_all(self, limit: int) -> bytes:
        """The whole body.

        Raises
        ------
        Problem
            413 ``body_too_large``, before anything is read where Content-Length says so; 400 ``incomplete_body``.
        """
        self.limit_body(limit)
        return self.get_data(cache=True)

    def limit_body(self, limit: int) -> None:
        """Say how large the body may be, before it is read.

        Raises
        ------
        Problem
            413 ``body_too_large`` where Content-Length says so already.
        """
        self._limit = limit
        if self.content_length is not None and self.content_length > limit:
            raise too_large(limit)

    def make_form_data_parser(self) -> FormDataParser:
        """The parser of forms; one that says what it cannot read, where Flask's would find an empty form."""
        parser = super().make_form_data_parser()
        parser.silent = False
        return parser

    def _get_file_stream(self, *args: Any, **options: Any) -> IO[bytes]:
        file = super()._get_file_stream(*args, **options)
        self._files.append(file)
        return file

    def let_go(self) -> None:
        """Read no more of the body, whatever is left of it, and close the files of its form: a broken one's too."""
        if self._incoming is not None:
            self._incoming.close()
        for file in self._files:
            file.close()


def read_object(data: bytes, max_depth: int, max_digits: int) -> dict[str, Any]:
    """The JSON object that the bytes mean; 422 ``wrong_type`` where they mean something else."""
    value = read_json(data, max_depth=max_depth, max_digits=max_digits)
    if not isinstance(value, dict):
        raise Problem("wrong_type", "The body should be a JSON object.")
    return value
