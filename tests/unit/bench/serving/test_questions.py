"""How the networks are asked: what each request says, and whether the answer is the network's."""

import json

import numpy as np
import pytest

from bench.serving import questions
from bench.serving.networks import NETWORKS, Served
from bench.serving.questions import WrongAnswer
from bench.serving.sides import PEERS, SIDES
from store.settings import Settings

SMALL = Served((4, 16, 3))


@pytest.mark.parametrize("network", NETWORKS, ids=lambda network: network.shape)
def test_a_row_fits_into_an_address(network: Served) -> None:
    question = questions.ours_get(network, network.rows(1))
    assert len(question.path) <= Settings.model_fields["max_query_bytes"].default


def test_every_form_says_the_same_row_and_reads_the_probabilities() -> None:
    X = SMALL.rows(1)
    p = SMALL.probabilities(X)
    rows = {"rows": X.tolist()}
    assert json.loads(questions.rows_json(SMALL, X).body) == rows
    assert json.loads(questions.ours_post(SMALL, X).body) == rows | {"model": "net-4-16-3"}
    assert json.loads(questions.mlflow(SMALL, X).body) == {"inputs": X.tolist()}
    ours, theirs = (json.loads(form(SMALL, X).body) for form in (questions.ours_v2, questions.mlserver))
    assert (
        ours["inputs"]
        == theirs["inputs"]
        == [{"name": "input", "shape": [1, 4], "datatype": "FP32", "data": X[0].tolist()}]
    )
    answer = json.dumps({"predictions": [{"label": 0, "probabilities": dict(zip("abc", p[0], strict=True))}]}).encode()
    assert questions.ours_get(SMALL, X).read({}, answer) == p.tolist()


def test_the_binary_form_is_the_same_tensor() -> None:
    X = SMALL.rows(2)
    question = questions.ours_binary(SMALL, X)
    length = int(question.headers["Inference-Header-Content-Length"])
    head, data = json.loads(question.body[:length]), question.body[length:]
    assert head["inputs"][0]["parameters"] == {"binary_data_size": len(data)}
    np.testing.assert_array_equal(np.frombuffer(data, "<f4").reshape(2, 4), X.astype(np.float32))
    p = SMALL.probabilities(X)
    answer = b"{}" + p.tobytes()
    assert question.read({"inference-header-content-length": "2"}, answer) == tuple(p.reshape(-1))


@pytest.mark.parametrize("off", [0.0, 9e-6, 2e-5, float("nan")])
def test_a_probability_that_is_off_is_no_answer(off: float, monkeypatch: pytest.MonkeyPatch) -> None:
    p = SMALL.probabilities(SMALL.rows(1))
    question = questions.rows_json(SMALL, SMALL.rows(1))
    monkeypatch.setattr(questions.Question, "ask", lambda *_: (p + off).tolist())
    if off < 1e-5:
        question.check(1, p)
        return
    with pytest.raises(WrongAnswer, match="are off by"):
        question.check(1, p)


def test_weights_are_told_in_four_decimals_and_come_back_as_the_same_float32() -> None:
    for W, b in SMALL.layers():
        for values in (W, b):
            np.testing.assert_array_equal(values.round(4).astype(np.float32), values.astype(np.float32))


def test_contestants_have_names_of_their_own_and_ours_come_first() -> None:
    names = [name for side in SIDES for name in side.asked]
    assert len(set(names)) == len(names)
    assert SIDES[0].name == "ours"
    assert all(name.startswith("ours ") for name in SIDES[0].asked)
    assert {name.split()[0] for name in names} == {"ours", *PEERS}
