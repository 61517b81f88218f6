"""Training: learning, its reports, early stopping, divergence, and a resume that is identical to the bit."""

import dataclasses
import json

import numpy as np
import pytest
from safetensors.numpy import load, save

from core.backprop import backward
from core.batches import BlockedOrder, epoch_order
from core.configuration import EarlyStopping, OptimizerConfig, ScheduleConfig
from core.dropout import dropout_masks
from core.errors import InvalidConfiguration, NotEnoughRows, TrainingDiverged, UnreadableState
from core.losses import LOSSES
from core.optimizers import Adam
from core.training import TrainingState

TASKS = ["classification", "regression", "multilabel", "distribution"]


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("task", TASKS)
def test_every_task_learns(trainer_of, task):
    trainer = trainer_of(task, rows=200, epochs=60, optimizer=OptimizerConfig(learning_rate=0.01))
    reports = list(trainer.run())
    assert [report.epoch for report in reports] == list(range(1, len(reports) + 1))
    assert reports[-1].train_loss < reports[0].train_loss
    assert min(report.validation_loss for report in reports) < reports[0].validation_loss
    assert max(report.validation_score for report in reports) > 0.7
    assert reports[-1].train_score > reports[0].train_score


@pytest.mark.parametrize("task", TASKS)
def test_a_report_says_what_the_batches_said(trainer_of, task):
    """The first epoch again, by hand: one batch of all rows, so that its loss is the untrained network's."""
    trainer = trainer_of(task, batch_size=100, dtype=np.float64, early_stopping=None, epochs=1)
    untrained = trainer.best_network()
    (report,) = trainer.run()
    loss = LOSSES[trainer._config.resolved_loss]
    passed = untrained.forward(trainer._X)
    assert report.train_loss == pytest.approx(loss.value(passed.z[-1], passed.a[-1], trainer._Y).mean(), rel=1e-12)
    passed = trainer.best_network().forward(trainer._X_val)
    value = loss.value(passed.z[-1], passed.a[-1], trainer._Y_val).mean()
    assert report.validation_loss == pytest.approx(value, rel=1e-12)
    assert report.learning_rate == 0.001
    assert report.gradient_norm == pytest.approx(np.linalg.norm(trainer._gradient))
    assert report.samples == 53


def test_the_loss_of_an_epoch_weighs_a_short_batch_by_its_rows(trainer_of):
    # 53 rows in batches of 50 and 3, at a learning rate that changes nothing: the mean is that of all rows.
    still = OptimizerConfig("sgd", learning_rate=1e-300)
    in_two = trainer_of(batch_size=50, dtype=np.float64, optimizer=still, epochs=1)
    in_one = trainer_of(batch_size=53, dtype=np.float64, optimizer=still, epochs=1)
    (two,), (one,) = list(in_two.run()), list(in_one.run())
    assert two.train_loss == pytest.approx(one.train_loss, rel=1e-12)
    assert two.train_score == pytest.approx(one.train_score, rel=1e-12)


def test_seconds_are_those_of_batches_and_validation(trainer_of):
    # The clock moves by 1 s when read, twice a batch and twice at the end: 7 batches and one validation are 8 s.
    assert [report.seconds for report in trainer_of(epochs=2).run()] == [8.0, 8.0]


def test_the_l2_penalty_is_in_the_training_loss_only(trainer_of):
    plain = trainer_of(dtype=np.float64, batch_size=53, epochs=1)
    penalised = trainer_of(dtype=np.float64, batch_size=53, epochs=1, l2=0.1)
    weights = sum(float((W * W).sum()) for W in plain.best_network().weights)
    (a,), (b,) = list(plain.run()), list(penalised.run())
    assert b.train_loss == pytest.approx(a.train_loss + 0.05 * weights)
    assert b.validation_loss == pytest.approx(a.validation_loss, rel=0.05)


def test_the_l2_penalty_makes_weights_smaller(trainer_of):
    def size(l2):
        trainer = trainer_of(l2=l2, early_stopping=None, epochs=30, optimizer=OptimizerConfig(learning_rate=0.01))
        list(trainer.run())
        return sum(float((W * W).sum()) for W in trainer.best_network().weights)

    assert size(1.0) < 0.5 * size(0.0)


def test_validation_is_without_dropout(trainer_of):
    trainer = trainer_of(dropout=0.5, epochs=1, early_stopping=None, dtype=np.float64)
    (report,) = trainer.run()
    network = trainer.best_network()
    passed = network.forward(trainer._X_val)
    loss = LOSSES["cross_entropy"].value(passed.z[-1], passed.a[-1], trainer._Y_val).mean()
    assert report.validation_loss == pytest.approx(loss, rel=1e-12)


def test_training_is_with_dropout(trainer_of):
    trainer = trainer_of(dropout=0.5, epochs=1, batch_size=53, dtype=np.float64)
    untrained = trainer.best_network()
    (report,) = trainer.run()
    masks = dropout_masks((6, 5), 53, 0.5, seed=0, epoch=1, batch=0, dtype=np.float64)
    order = epoch_order(53, 0, 1)
    passed = untrained.forward(trainer._X[order], masks)
    loss = LOSSES["cross_entropy"].value(passed.z[-1], passed.a[-1], trainer._Y[order]).mean()
    assert report.train_loss == pytest.approx(loss, rel=1e-12)


@pytest.mark.parametrize("validation", [0, None])
def test_without_validation_rows_early_stopping_watches_the_training_loss(trainer_of, validation):
    trainer = trainer_of(validation=validation)
    reports = list(trainer.run())
    assert all(report.validation_loss is None and report.validation_score is None for report in reports)
    losses = [report.train_loss for report in reports]
    assert trainer.best_epoch == 1 + int(np.argmin(losses))


def test_early_stopping_restores_the_best_epoch(trainer_of):
    fast = OptimizerConfig(learning_rate=0.05)
    trainer = trainer_of(epochs=500, optimizer=fast, early_stopping=EarlyStopping(patience=4))
    best, losses = {}, []
    for report in trainer.run():
        losses.append(report.validation_loss)
        best[report.epoch] = trainer.state.parameters.copy()
    assert len(losses) < 500
    assert trainer.best_epoch == 1 + int(np.argmin(losses))
    assert trainer.best_epoch < len(losses)
    assert (trainer.best_network().parameters == best[trainer.best_epoch]).all()
    assert list(trainer.run()) == []


def test_patience_counts_epochs_without_an_improvement_of_min_delta(trainer_of):
    # No loss falls by 1,000: the first epoch is the reference, the three after it are in vain.
    trainer = trainer_of(epochs=50, early_stopping=EarlyStopping(patience=3, min_delta=1000.0))
    reports = list(trainer.run())
    assert len(reports) == 4
    assert trainer.best_epoch == 1 + int(np.argmin([report.validation_loss for report in reports]))


def test_the_best_epoch_is_the_lowest_however_small_the_step(trainer_of):
    slow = OptimizerConfig("sgd", learning_rate=1e-5)
    trainer = trainer_of(optimizer=slow, epochs=5, early_stopping=EarlyStopping(patience=50, min_delta=0.1))
    losses = [report.validation_loss for report in trainer.run()]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] - losses[-1] < 1e-4
    assert trainer.best_epoch == 5


def test_a_training_is_forward_backward_and_update_over_and_over(trainer_of):
    """Two epochs again, from the parts; the optimizer counts its updates over all epochs."""
    trainer = trainer_of(early_stopping=None, epochs=2)
    network, X, Y = trainer.best_network(), trainer._X, trainer._Y
    loss, optimizer, gradient = LOSSES["cross_entropy"], Adam(0.001, 0.9, 0.999, 1e-8), trainer._gradient.copy()
    vectors, t = optimizer.initial(network.parameters), 0
    for epoch in (1, 2):
        order = epoch_order(len(X), 0, epoch)
        for start in range(0, len(X), 8):
            rows, t = order[start : start + 8], t + 1
            backward(network, loss, network.forward(X[rows]), Y[rows], gradient)
            optimizer.update(network.parameters, gradient, vectors, t)
    list(trainer.run())
    assert trainer.best_network().parameters.tobytes() == network.parameters.tobytes()


def test_without_early_stopping_the_last_network_is_kept(trainer_of):
    trainer = trainer_of(early_stopping=None, epochs=3)
    assert trainer.best_epoch == 0
    assert len(list(trainer.run())) == 3
    assert trainer.best_epoch == 3
    assert trainer.state.best_parameters is None
    assert (trainer.best_network().parameters == trainer.state.parameters).all()


def test_the_same_seed_trains_the_same_network(trainer_of):
    def trained(**config):
        trainer = trainer_of(**config)
        list(trainer.run())
        return trainer.best_network().parameters

    assert (trained() == trained()).all()
    assert (trained() != trained(seed=1)).any()


def _through_bytes(state: TrainingState) -> TrainingState:
    tensors, meta = state.to_tensors()
    return TrainingState.from_tensors(load(save(tensors)), json.loads(json.dumps(meta, allow_nan=False)))


RESUMED = {
    "adam": {"dropout": 0.3, "l2": 0.01},
    "momentum": {"optimizer": OptimizerConfig("sgd", 0.05, 0.9), "dropout": 0.2},
    "nesterov": {"optimizer": OptimizerConfig("sgd", 0.05, 0.9, True), "early_stopping": None},
    "sgd": {"optimizer": OptimizerConfig("sgd", 0.5)},
    "early stopping": {"early_stopping": EarlyStopping(patience=2, min_delta=0.01), "epochs": 40},
    "adamw": {"optimizer": OptimizerConfig("adamw"), "input_dropout": 0.3, "label_smoothing": 0.1},
    "regression": {"task": "regression", "dropout": 0.5},
    "limits": {"task": "regression", "loss": "huber", "l1": 0.01, "max_norm": 0.8, "max_gradient_norm": 0.1},
    "weights": {"weights": np.linspace(0, 2, 53, dtype=np.float32)},
    "cosine": {"schedule": ScheduleConfig("cosine", warmup_epochs=2)},
    "plateau": {"schedule": ScheduleConfig("plateau", patience=2, min_delta=1.0), "epochs": 12, "early_stopping": None},
    "another metric": {"early_stopping": EarlyStopping("validation_roc_auc", patience=2), "epochs": 40},
    "no validation": {"validation": 0},
    "blocks of rows": {"order": BlockedOrder(4, 3), "dropout": 0.3},
}


@pytest.mark.parametrize("every", [1, 2, 3, 7, 10])
@pytest.mark.parametrize("name", RESUMED)
def test_a_training_that_was_interrupted_ends_identical_to_the_bit(trainer_of, name, every):
    """Interrupted after every k-th batch, through bytes, in a new trainer each time; 7 batches make an epoch."""
    config = RESUMED[name]
    undisturbed = trainer_of(**config)
    expected = list(undisturbed.run())

    def interrupt(state: TrainingState) -> None:
        if state.step % every == 0:
            raise Interrupted

    reports, state, resumes = [], None, 0
    while True:
        trainer = trainer_of(**config, state=state)
        try:
            for report in trainer.run(interrupt):
                reports.append(report)  # noqa: PERF402 (extend promises nothing about what came before an exception)
            break
        except Interrupted:
            state = _through_bytes(trainer.state)
            resumes += 1
    assert resumes == undisturbed.state.step // every
    assert [dataclasses.replace(r, seconds=0) for r in reports] == [dataclasses.replace(r, seconds=0) for r in expected]
    assert trainer.best_epoch == undisturbed.best_epoch
    assert trainer.best_network().parameters.tobytes() == undisturbed.best_network().parameters.tobytes()
    assert trainer.state.parameters.tobytes() == undisturbed.state.parameters.tobytes()
    assert trainer.state.progress == undisturbed.state.progress


def test_a_training_stopped_between_epochs_goes_on_identical_to_the_bit(trainer_of):
    expected = list(trainer_of(dropout=0.3).run())
    trainer = trainer_of(dropout=0.3)
    reports = [next(trainer.run())]
    for _ in expected[1:]:
        trainer = trainer_of(dropout=0.3, state=_through_bytes(trainer.state))
        reports.append(next(trainer.run()))
    assert reports == expected


def test_an_ended_training_has_nothing_left_to_do(trainer_of):
    trainer = trainer_of()
    list(trainer.run())
    again = trainer_of(state=_through_bytes(trainer.state))
    assert list(again.run()) == []
    assert (again.best_network().parameters == trainer.best_network().parameters).all()


def test_a_trainer_goes_on_after_an_interruption_by_itself(trainer_of):
    def interrupt(state: TrainingState) -> None:
        if state.step == 3:
            raise Interrupted

    trainer = trainer_of()
    with pytest.raises(Interrupted):
        list(trainer.run(interrupt))
    assert (trainer.state.epoch, trainer.state.batch, trainer.state.step) == (1, 3, 3)
    assert list(trainer.run()) == list(trainer_of().run())


def test_the_step_rises_by_one_with_every_batch(trainer_of):
    steps = []
    list(trainer_of(epochs=2).run(lambda state: steps.append(state.step)))
    assert steps == list(range(1, 15))


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_a_loss_that_explodes_ends_in_an_error_that_says_where(trainer_of, task):
    wild = OptimizerConfig("sgd", 500.0)
    trainer = trainer_of(task, activation="identity", optimizer=wild, epochs=200, hidden=(50, 50, 50))
    with pytest.raises(TrainingDiverged) as diverged:
        list(trainer.run())
    error = diverged.value
    assert (error.epoch, error.batch) >= (1, 2)
    assert (error.epoch, error.batch) == (trainer.state.epoch, trainer.state.batch + 1)
    assert np.isfinite(error.last_finite_loss)
    assert "learning rate below 500, such as 50" in error.hint


def test_a_loss_that_is_not_finite_from_the_first_says_so(trainer_of):
    trainer = trainer_of("regression")
    trainer._Y[:] = 1e30
    with pytest.raises(TrainingDiverged) as diverged:
        list(trainer.run())
    assert (diverged.value.epoch, diverged.value.batch, diverged.value.last_finite_loss) == (1, 1, None)


@pytest.mark.parametrize("part", ["parameters", "validation"])
def test_what_is_not_finite_at_the_end_of_an_epoch_ends_the_training(trainer_of, part):
    trainer = trainer_of("regression", validation=None if part == "parameters" else 20)

    def poison(state: TrainingState) -> None:
        if state.step == 7 and part == "parameters":
            state.parameters[0] = np.nan
        if state.step == 7 and part == "validation":
            trainer._Y_val[0] = 1e30

    with pytest.raises(TrainingDiverged) as diverged:
        list(trainer.run(poison))
    assert (diverged.value.epoch, diverged.value.batch) == (1, 7)


def test_a_state_of_another_network_or_optimizer_is_refused(trainer_of):
    trainer = trainer_of()
    next(trainer.run())
    for change in ({"hidden": (6, 6)}, {"optimizer": OptimizerConfig("sgd")}, {"dtype": np.float64}):
        with pytest.raises(UnreadableState, match="another network or optimizer"):
            trainer_of(state=_through_bytes(trainer.state), **change)
    shrunk = _through_bytes(trainer.state)
    shrunk.best_parameters = shrunk.best_parameters[:-1]
    with pytest.raises(UnreadableState):
        trainer_of(state=shrunk)


def test_training_without_rows_is_refused(trainer_of):
    with pytest.raises(NotEnoughRows):
        trainer_of(rows=0)


def test_a_network_that_is_too_large_for_its_inputs_is_refused(trainer_of):
    with pytest.raises(InvalidConfiguration, match="parameters"):
        trainer_of(hidden=(65_536, 760))


def test_a_float32_training_stays_float32(trainer_of):
    trainer = trainer_of(dropout=0.2, l2=0.1, activation="gelu")
    list(trainer.run())
    assert trainer.best_network().dtype == np.float32
    assert {vector.dtype for vector in trainer.state.optimizer.values()} == {np.dtype(np.float32)}
    passed = trainer.best_network().forward(trainer._X)
    assert {array.dtype for array in passed.z + passed.a} == {np.dtype(np.float32)}


def test_training_does_not_change_how_numpy_warns(trainer_of):
    before = np.geterr()
    for _ in trainer_of().run(lambda _: None):
        assert np.geterr() == before


def test_the_rows_come_in_the_order_that_was_given(trainer_of):
    order = BlockedOrder(4, 3)
    asked, moved, plain = (trainer_of(epochs=1, order=o) for o in (order, lambda n, *_: np.arange(n), epoch_order))
    rows = order(53, 0, 1)
    moved._X, moved._Y = moved._X[rows], moved._Y[rows]
    for trainer in (asked, moved, plain):
        list(trainer.run())
    assert asked.state.parameters.tobytes() == moved.state.parameters.tobytes()
    assert asked.state.parameters.tobytes() != plain.state.parameters.tobytes()
