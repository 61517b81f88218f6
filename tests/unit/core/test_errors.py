"""Errors: one rooted tree, drawn in the module's docstring, each with a code of its own."""

import pickle
import re

import pytest

from core import errors
from core.errors import EncodingError, InvalidConfiguration, MLPError, NotEnoughRows, OneClass, TrainingDiverged

CLASSES = [each for each in vars(errors).values() if isinstance(each, type)]


def test_the_tree_in_the_docstring_is_complete():
    drawn = re.findall(r"[├└]── (\w+) +(\w+)", errors.__doc__)
    assert drawn == [(each.__name__, each.code) for each in CLASSES if each is not MLPError]
    assert all(issubclass(each, MLPError) for each in CLASSES)


def test_the_indentation_of_the_tree_is_the_inheritance():
    drawn = re.findall(r"^    ([│ ]*)[├└]── (\w+)", errors.__doc__, re.MULTILINE)
    depths = {name: len(indent) // 4 + 1 for indent, name in drawn}
    for each in CLASSES[1:]:
        assert len(each.__mro__) - len(MLPError.__mro__) == depths[each.__name__]


def test_every_code_is_its_own():
    assert len({each.code for each in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize(
    "error",
    [
        InvalidConfiguration("optimizer.learning_rate", "0 will not do", "a number above 0"),
        EncodingError("column 'a' has a number outside float32 in row 3", "a", 3),
        NotEnoughRows("there are 3 rows", "add rows"),
        OneClass("the target has 1 class"),
        TrainingDiverged(3, 7, 0.25, "try less"),
        TrainingDiverged(1, 1, None, "try less"),
    ],
)
def test_an_error_survives_the_way_to_another_process(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert vars(again) == vars(error)
    assert str(again) == str(error)


def test_a_configuration_error_names_field_and_expectation():
    error = InvalidConfiguration("epochs", "0 will not do", "an integer from 1 to 10")
    assert str(error) == "epochs: 0 will not do (expected an integer from 1 to 10)"
    assert (error.field, error.detail, error.expected) == ("epochs", "0 will not do", "an integer from 1 to 10")
    assert error.hint == "expected an integer from 1 to 10"


def test_a_divergence_says_where_and_what_was_last_finite():
    error = TrainingDiverged(3, 7, 0.25, "try less")
    assert str(error) == "the loss stopped being finite in epoch 3, batch 7; the last was 0.25"
    assert "there was no finite loss before" in str(TrainingDiverged(1, 1, None, "try less"))
    assert error.hint == "try less"
