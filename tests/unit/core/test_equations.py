"""Equations: the tags in core, the table in docs/equations.md and the tests' names agree."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

from core.activations import ELEMENT_WISE
from core.losses import LOSSES

ROOT = Path(__file__).parents[3]
TAG = re.compile(r"# \[([A-Z0-9-]+)\]$", re.MULTILINE)


def _rows() -> dict[str, tuple[str, str]]:
    """Tag → function and test, of the table."""
    text = (ROOT / "docs/equations.md").read_text()
    rows = re.findall(r"^\| `([A-Z0-9-]+)` \| .+ \| `(\S+)` \| `(\S+)` \|$", text, re.MULTILINE)
    assert len({tag for tag, *_ in rows}) == len(rows)
    return {tag: (function, test) for tag, function, test in rows}


def _tags() -> Counter:
    return Counter(tag for path in (ROOT / "core").rglob("*.py") for tag in TAG.findall(path.read_text()))


def _functions(path: Path) -> dict[str, str]:
    """Qualified name → source, of every function of a file."""
    text = path.read_text()
    found = {}
    for node in ast.parse(text).body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for each in members:
            if isinstance(each, ast.FunctionDef):
                # get_source_segment leaves out a comment behind the last statement
                found[prefix + each.name] = "\n".join(text.splitlines()[each.lineno - 1 : each.end_lineno])
    return found


def test_every_tag_stands_once_in_core_and_once_in_the_table():
    assert {tag: count for tag, count in _tags().items() if count != 1} == {}
    assert set(_tags()) == set(_rows())


def test_the_equations_of_the_paper_and_every_function_have_a_tag():
    wanted = {"FWD", "BP1", "BP2", "BP3", "BP4", "SOFTMAX", "MSE", "MAE", "HUBER", "CE", "BCE"}
    wanted |= {name.upper().replace("_", "-") + end for name in ELEMENT_WISE for end in ("", "-PRIME")}
    assert wanted <= set(_tags())
    assert len(LOSSES) == 5  # MSE, MAE, HUBER, CE, BCE: a sixth needs its tag above


@pytest.mark.parametrize("tag", sorted(_tags()))
def test_a_tag_stands_in_the_function_and_has_the_test_that_the_table_names(tag):
    function, test = _rows()[tag]
    module, _, name = function.partition(":")
    assert f"# [{tag}]" in _functions(ROOT / f"{module.replace('.', '/')}.py")[name]
    file, _, test_name = test.partition("::")
    assert test_name.startswith(f"test_{tag.lower().replace('-', '_')}_")
    assert test_name in _functions(ROOT / "tests/unit/core" / file)


def test_the_document_writes_each_derivative_that_is_tagged():
    text = (ROOT / "docs/equations.md").read_text()
    for heading in ("Correction 1", "Correction 2", "Correction 3"):
        assert f"### {heading}" in text
