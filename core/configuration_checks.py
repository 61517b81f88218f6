"""Checks of one field of a configuration, each refusing by the field's dotted path and saying what would do."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from core.errors import InvalidConfiguration


def known_fields(kind: type[Any], data: object, prefix: str) -> dict[str, Any]:
    """The dict itself, once it is known to be one that has only fields of the dataclass `kind`."""
    if not isinstance(data, Mapping):
        raise InvalidConfiguration(prefix.rstrip(".") or "config", "it is not an object", "an object")
    names = [each.name for each in fields(kind)]
    for name in data:
        if name not in names:
            near = difflib.get_close_matches(str(name), names, 1)
            expected = near[0] if near else "one of " + ", ".join(names)
            raise InvalidConfiguration(f"{prefix}{name}", "there is no such field", expected)
    return dict(data)


def check_choice(name: str, value: object, choices: Sequence[str]) -> None:
    """Refuse what is not one of the choices."""
    if not isinstance(value, str) or value not in choices:
        raise InvalidConfiguration(name, f"{_shown(value)} is not one of the choices", "one of " + ", ".join(choices))


def check_boolean(name: str, value: object) -> None:
    """Refuse what is not true or false."""
    if not isinstance(value, bool):
        raise InvalidConfiguration(name, f"{_shown(value)} is not a boolean", "true or false")


def check_integer(name: str, value: object, low: int, high: int) -> None:
    """Refuse what is not an integer (a boolean is none) from low to high."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InvalidConfiguration(name, f"{_shown(value)} will not do", f"an integer from {low} to {high}")


def check_number(
    owner: object, name: str, low: float, high: float, *, above: bool = False, below: bool = False
) -> None:
    """Check a number of the owner (NaN fails every comparison) and keep it as a float."""
    attribute = name.rpartition(".")[2]
    value = getattr(owner, attribute)
    expected = f"a number {'above' if above else 'from'} {low:g} {'to below' if below else 'to'} {high:g}"
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not low <= value <= high:
        raise InvalidConfiguration(name, f"{_shown(value)} will not do", expected)
    if (above and value == low) or (below and value == high):
        raise InvalidConfiguration(name, f"{_shown(value)} will not do", expected)
    object.__setattr__(owner, attribute, float(value))


def check_sizes(name: str, value: object, max_layers: int, max_size: int) -> tuple[int, ...]:
    """The layer sizes as a tuple, once they are known to be a list of sizes within the limits."""
    if not isinstance(value, (list, tuple)):
        raise InvalidConfiguration(name, f"{_shown(value)} is not a list", "a list of layer sizes")
    if len(value) > max_layers:
        raise InvalidConfiguration(name, f"{len(value)} layers are too many", f"at most {max_layers} layers")
    for index, size in enumerate(value):
        check_integer(f"{name}.{index}", size, 1, max_size)
    return tuple(value)


def check_class_weights(task: str, value: object, balanced: str) -> str | dict[str, float]:
    """The class weights, once they are known to be the word for balanced ones or numbers above 0 by class."""
    if task != "classification":
        raise InvalidConfiguration("class_weights", f"{task} has no classes", "the task classification")
    if value == balanced:
        return balanced
    if not isinstance(value, Mapping):
        raise InvalidConfiguration("class_weights", f"{_shown(value)} will not do", f"{balanced}, or a weight by class")
    for name, weight in value.items():
        if not isinstance(weight, (int, float)) or isinstance(weight, bool) or not 0 < weight <= 1e6:
            expected = "a number above 0 to 1e+06"
            raise InvalidConfiguration(f"class_weights.{name}", f"{_shown(weight)} will not do", expected)
    return {str(name): float(weight) for name, weight in value.items()}


def _shown(value: object) -> str:
    """The value for a message: an integer of thousands of digits must neither fill it nor fail to print."""
    if isinstance(value, int) and abs(value) > 10**20:
        return "an integer of more than 20 digits"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
