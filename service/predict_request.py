"""What a prediction asks for, read from an address or from a body before the model is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any

from service.predict_input import BodyInput, Options, QueryInput
from service.problems import MAX_ERRORS, ErrorItem, pointer, problem_at, problem_of, shown
from service.query_string import read_query
from service.validation import nearest

RESERVED = ("model", "version", "alias", "x", "explain", "top_k")
PREFIX = "feature."
_BODY_FIELDS = ("model", "version", "alias", "top_k", "explain", "records", "rows")
_FIELDS_WITH_DATASET = (*_BODY_FIELDS, "dataset")
_WHOLE = re.compile(r"[1-9][0-9]{0,9}")
_BIGGEST = 2**31 - 1


def read_address(query: str) -> QueryInput:
    """A `GET /predict`'s query string.

    Raises
    ------
    Problem
        422 with the parameter in the way.
    """
    given = read_query(query)
    if given.get("explain", "") not in ("true", "false", ""):
        raise problem_at("invalid_value", "The parameter 'explain' takes `true` or `false`.", parameter="explain")
    model = given.get("model", "")
    if not model:
        raise problem_at("missing_parameter", "The parameter 'model' is missing.", parameter="model")
    version, top_k = (_whole_number(given, name) for name in ("version", "top_k"))
    if given.get("alias") == "":
        raise problem_at("invalid_value", "The parameter 'alias' takes the name of an alias.", parameter="alias")
    options = Options(model, version, given.get("alias"), top_k, given.get("explain") == "true")
    if options.version is not None and options.alias is not None:
        raise problem_at("invalid_value", "`version` and `alias` exclude each other.", parameter="alias")
    named: dict[str, tuple[str, str]] = {}
    for parameter, text in given.items():
        if parameter in RESERVED:
            continue
        column = parameter.removeprefix(PREFIX)
        if column in named:
            detail = f"The feature {column!r} stands twice: as {named[column][0]!r} and as {parameter!r}."
            raise problem_at("repeated_parameter", detail, parameter=parameter)
        named[column] = (parameter, text)
    if "x" in given and named:
        detail = "`x` gives all features as one record; named features cannot stand beside it."
        raise problem_at("x_beside_features", detail, parameter=next(iter(named.values()))[0])
    return QueryInput(options, named, given.get("x"))


def read_body(body: Mapping[str, Any], *, max_rows: int, max_explain_rows: int) -> BodyInput:
    """A `POST /predict`'s JSON object.

    Parameters
    ----------
    max_rows, max_explain_rows : int
        Most rows of a request, and of one that asks for explanations.

    Raises
    ------
    Problem
        422 with the pointer of the field in the way.
    """
    unknown = islice((name for name in body if name not in _BODY_FIELDS), MAX_ERRORS)
    items = [
        ErrorItem(
            "unknown_field",
            f"There is no field {shown(name)} here.{nearest(name, list(_FIELDS_WITH_DATASET))}",
            pointer(name),
        )
        for name in unknown
    ]
    if items:
        raise problem_of(items)
    explain = body.get("explain", False)
    if not isinstance(explain, bool):
        raise problem_at("wrong_type", "The field 'explain' should be true or false.", pointer="/explain")
    if "model" not in body:
        raise problem_at("missing_field", "The field 'model' is missing.", pointer="/model")
    if body["model"] is None:
        raise problem_at("wrong_type", "The field 'model' should be a string.", pointer="/model")
    model, alias = _text(body, "model"), _text(body, "alias")
    options = Options(model or "", _integer(body, "version"), alias, _integer(body, "top_k"), explain)
    if options.version is not None and options.alias is not None:
        raise problem_at("invalid_value", "`version` and `alias` exclude each other.", pointer="/alias")
    given = [name for name in ("records", "rows") if name in body]
    if len(given) != 1:
        code = "invalid_value" if given else "missing_field"
        raise problem_at(code, "Give one of `records`, `rows` and `dataset`.", pointer="/records")
    field = given[0]
    values = body[field]
    if not isinstance(values, list):
        raise problem_at("wrong_type", f"The field {field!r} should be a list.", pointer=pointer(field))
    if not values:
        raise problem_at("no_rows", "There are no rows to predict.", pointer=pointer(field))
    if len(values) > max_rows:
        detail = f"{len(values):,} rows are too many; one request takes {max_rows:,}."
        raise problem_at("too_many_rows", detail, pointer=pointer(field))
    if explain and len(values) > max_explain_rows:
        detail = f"{len(values):,} rows are too many to explain; one request explains {max_explain_rows:,}."
        raise problem_at("too_many_rows", detail, pointer=pointer(field))
    return BodyInput(options, field, values)


def _text(body: Mapping[str, Any], name: str) -> str | None:
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise problem_at("wrong_type", f"The field {name!r} should be a string.", pointer=pointer(name))
    return value


def _integer(body: Mapping[str, Any], name: str) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if type(value) is not int:
        raise problem_at("wrong_type", f"The field {name!r} should be an integer.", pointer=pointer(name))
    if not 1 <= value <= _BIGGEST:
        raise problem_at("out_of_range", f"The field {name!r} should be from 1 to {_BIGGEST}.", pointer=pointer(name))
    return value


def _whole_number(given: Mapping[str, str], name: str) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if not (_WHOLE.fullmatch(text) and int(text) <= _BIGGEST):
        raise problem_at("invalid_value", f"The parameter {name!r} takes an integer from 1.", parameter=name)
    return int(text)
