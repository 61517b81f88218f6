"""What a Pydantic model finds wrong, in the contract's codes and places."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from service.problems import MAX_ERRORS, ErrorItem, Problem, pointer, problem_of, shown
from service.schemas.base import Body, Path, Query

Model = TypeVar("Model", bound=BaseModel)

MOST_COMPARED = 1000
_LONGEST_COMPARED = 300
# Pydantic's words → those of somebody who writes JSON.
_WORDS = (
    (r"^Input should", "The value should"),
    (r"^Value error, ", ""),
    (r"valid dictionary( or (instance|object) .*)?", "JSON object"),
    (r"a valid (list|tuple)", "a list"),
    (r"Dictionary should", "The object should"),
    (r"List should", "The list should"),
    (r"String should", "The text should"),
    (r" after validation", ""),
    (r"^Input tag '.*' found using '\w+' does not match any of the expected tags:", "The value should be one of"),
)
# Which branch of a union is meant, its tag says.
_OTHER_TAG = re.compile(r"^Input tag '.*' found using '(\w+)' ", re.DOTALL)
_NO_TAG = re.compile(r"^Unable to extract tag using discriminator '(\w+)'$")
_RANGE = ("greater_than", "less_than", "too_long", "too_short", "multiple_of", "finite_number")


def problem_from(error: ValidationError, value: Any = None) -> Problem:
    """The problem to answer with: 422 with one item for each place, at most `MAX_ERRORS`.

    Parameters
    ----------
    value : object
        What was validated, where it is a body: it tells the keys of a place from what Pydantic puts between them.
    """
    model = _model_named(error.title)
    items: dict[str, ErrorItem] = {}
    # A body of a million errors is told of as one of twenty: each takes some work. A union has several for one place.
    for found in islice(error.errors(include_url=False, include_context=False, include_input=False), 10 * MAX_ERRORS):
        if model and issubclass(model, (Query, Path)):
            item = _parameter_item(found, model)
        else:
            item = _body_item(found, model, tuple(_keys(found, value)))
        items.setdefault(item.pointer or item.parameter or "", item)
        if len(items) > MAX_ERRORS:
            break
    # A union tells of each of its branches: the deepest place is the one meant.
    kept = [item for place, item in items.items() if not any(other.startswith(place + "/") for other in items)]
    return problem_of(kept[:MAX_ERRORS])


def validated(model: type[Model], value: Any) -> Model:
    """The value as a model.

    Raises
    ------
    Problem
        422, with the places.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise problem_from(error, value) from None


def nearest(name: str, known: Mapping[str, Any] | list[str]) -> str:
    """A sentence that offers the nearest known name; empty where none is near.

    Only among the first `MOST_COMPARED`: comparing takes some 20 µs for each.
    """
    if len(name) > _LONGEST_COMPARED:
        return ""
    found = difflib.get_close_matches(name, list(islice(known, MOST_COMPARED)), n=1)
    return f" Did you mean {found[0]!r}?" if found else ""


def _body_item(found: Mapping[str, Any], model: type[BaseModel] | None, keys: tuple[str | int, ...]) -> ErrorItem:
    kind, loc, place = found["type"], found["loc"], pointer(*keys)
    if kind == "extra_forbidden":
        name = str(loc[-1])
        detail = f"There is no field {shown(name)} here.{nearest(name, _fields_at(model, loc[:-1]))}"
        return ErrorItem("unknown_field", detail, pointer=place)
    if kind == "missing":
        return ErrorItem("missing_field", f"The field {loc[-1]!r} is missing.", pointer=place)
    if kind == "union_tag_not_found":
        return ErrorItem("missing_field", f"The field {keys[-1]!r} is missing.", pointer=place)
    if kind.endswith("_type") or kind in ("int_from_float", "is_instance_of"):
        code = "wrong_type"
    elif kind.startswith(_RANGE) or kind.endswith(("too_long", "too_short")):
        code = "out_of_range"
    else:
        code = "invalid_value"
    return ErrorItem(code, _sentence(found), pointer=place)


def _parameter_item(found: Mapping[str, Any], model: type[BaseModel]) -> ErrorItem:
    name = str(found["loc"][0]) if found["loc"] else ""
    if found["type"] == "extra_forbidden":
        detail = f"There is no parameter {shown(name)} here.{nearest(name, model.model_fields)}"
        return ErrorItem("unknown_parameter", detail, parameter=name)
    if found["type"] == "missing":
        return ErrorItem("missing_parameter", f"The parameter {name!r} is missing.", parameter=name)
    return ErrorItem("invalid_value", _sentence(found), parameter=name)


def _sentence(found: Mapping[str, Any]) -> str:
    message = str(found["msg"])
    for theirs, ours in _WORDS:
        message = re.sub(theirs, ours, message, flags=re.DOTALL)
    return message if message.endswith((".", "?")) else message + "."


def _keys(found: Mapping[str, Any], value: Any) -> Iterator[str | int]:
    """The keys and indexes of a place, without the names that Pydantic puts between for a union's branches."""
    loc = found["loc"]
    for part in loc:
        if (isinstance(value, dict) and part in value) or (isinstance(value, list) and isinstance(part, int)):
            value = value[part]
            yield part
    if found["type"] == "missing":
        yield loc[-1]
    elif (tag := _NO_TAG.match(found["msg"]) or _OTHER_TAG.match(found["msg"])) is not None:
        yield tag[1]


def _model_named(title: str) -> type[BaseModel] | None:
    pending: list[type[BaseModel]] = [Body, Query, Path]
    while pending:
        model = pending.pop()
        if model.__name__ == title:
            return model
        pending += model.__subclasses__()
    return None


def _fields_at(model: type[BaseModel] | None, loc: tuple[str | int, ...]) -> list[str]:
    """Names of the fields of the model at this place."""
    for part in loc:
        if model is None:
            return []
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation)
    return list(model.model_fields) if model else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in get_args(annotation) if (found := _model_in(inner))), None)
