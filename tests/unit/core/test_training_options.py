"""Each option of a training changes what it should, and nothing before it."""

import dataclasses
import itertools

import numpy as np
import pytest

from core.batches import epoch_order
from core.configuration import EarlyStopping, OptimizerConfig, ScheduleConfig
from core.dropout import drop_inputs
from core.early_stopping import LOWER_IS_BETTER, TASKS_OF
from core.errors import NotEnoughRows
from core.label_smoothing import smooth
from core.losses import LOSSES
from core.schedules import scheduled_rate
from core.targets import TargetEncoding
from core.watched_metrics import WATCHED

ENCODINGS = {
    "classification": TargetEncoding("classification", ("y",), ("a", "b", "c")),
    "regression": TargetEncoding("regression", ("y", "z"), (), (0.0, 0.0), (1.0, 1.0)),
    "multilabel": TargetEncoding("multilabel", ("y", "z"), ("y", "z")),
}

ONE_UPDATE = {"batch_size": 53, "epochs": 1, "early_stopping": None, "dtype": np.float64}
PLAIN_SGD = OptimizerConfig("sgd", learning_rate=0.1)


def _trained(trainer):
    list(trainer.run())
    return trainer.best_network()


def _first_loss(trainer):
    return next(trainer.run()).train_loss


def _all_weights(network):
    return np.concatenate([W.ravel() for W in network.weights])


@pytest.mark.parametrize("loss", ["mae", "huber"])
def test_a_robust_loss_is_less_drawn_by_an_outlier_than_mse(trainer_of, loss):
    def constant_found(loss):
        trainer = trainer_of(
            "regression",
            loss=loss,
            hidden=(),
            epochs=300,
            batch_size=53,
            early_stopping=None,
            optimizer=OptimizerConfig(learning_rate=0.05),
        )
        trainer._given.X[:] = 0  # only the bias can learn: the mean, the median, or what lies between them
        trainer._given.Y[:] = 0
        trainer._given.Y[0] = 53.0
        return _trained(trainer).biases[0]

    assert constant_found("mse") == pytest.approx(1.0, abs=0.02)
    assert np.abs(constant_found(loss)).max() < 0.1


def test_the_huber_loss_is_reported_with_its_own_delta(trainer_of):
    trainer = trainer_of("regression", loss="huber", huber_delta=0.25, **ONE_UPDATE)
    passed = trainer.best_network().forward(trainer._given.X)
    r = np.abs(passed.a[-1] - trainer._given.Y)
    by_hand = np.where(r <= 0.25, r * r / 2, 0.25 * (r - 0.125)).mean()
    assert _first_loss(trainer) == pytest.approx(by_hand)


@pytest.mark.parametrize(("task", "output"), [("classification", "softmax"), ("multilabel", "sigmoid")])
def test_labels_are_smoothed_in_training_and_not_in_validation(trainer_of, task, output):
    plain, smoothed = (trainer_of(task, label_smoothing=s, **ONE_UPDATE) for s in (0.0, 0.2))
    loss, passed = LOSSES[plain._config.resolved_loss], plain.best_network().forward(plain._given.X)
    by_hand = loss.value(passed.z[-1], passed.a[-1], smooth(plain._given.Y, 0.2, output)).mean()
    (report,) = smoothed.run()
    assert report.train_loss == pytest.approx(by_hand)
    passed = smoothed.best_network().forward(smoothed._validation._X)
    by_hand = loss.value(passed.z[-1], passed.a[-1], plain._validation._Y).mean()
    assert report.validation_loss == pytest.approx(by_hand)
    assert report.train_score == next(plain.run()).train_score


def test_smoothed_labels_make_a_network_less_sure(trainer_of):
    fast = {"epochs": 150, "early_stopping": None, "optimizer": OptimizerConfig(learning_rate=0.01)}
    X = trainer_of()._given.X
    sure, less_sure = (
        _trained(trainer_of(label_smoothing=s, **fast)).predict(X).max(axis=1).mean() for s in (0.0, 0.3)
    )
    assert sure > 0.95
    assert less_sure < 0.88  # what is asked for is 1 − 0.3 + 0.3/3 = 0.8


def test_a_long_gradient_is_shortened_and_reported_as_it_was(trainer_of):
    plain, clipped = (
        trainer_of(optimizer=PLAIN_SGD, max_gradient_norm=c, engine="clear", **ONE_UPDATE) for c in (None, 0.01)
    )
    start = plain.best_network().parameters
    (a,), (b,) = list(plain.run()), list(clipped.run())
    assert b.gradient_norm == a.gradient_norm > 0.01
    assert np.linalg.norm(clipped.state.parameters - start) == pytest.approx(0.1 * 0.01)
    np.testing.assert_allclose(  # the same direction
        clipped.state.parameters - start, (plain.state.parameters - start) * (0.01 / a.gradient_norm)
    )


def test_the_l1_penalty_is_in_the_training_loss_only(trainer_of):
    plain, penalised = (trainer_of(l1=l1, **ONE_UPDATE) for l1 in (0.0, 0.1))
    size = np.abs(_all_weights(plain.best_network())).sum()
    (a,), (b,) = list(plain.run()), list(penalised.run())
    assert b.train_loss == pytest.approx(a.train_loss + 0.1 * size)
    assert b.validation_loss == pytest.approx(a.validation_loss, rel=0.05)


def test_the_l1_penalty_draws_weights_to_zero(trainer_of):
    def share_near_zero(**penalty):
        network = _trained(trainer_of(epochs=100, early_stopping=None, **penalty))
        return (np.abs(_all_weights(network)) < 0.01).mean()

    assert share_near_zero(l1=0.02) > 0.3 > share_near_zero(l2=0.02) + 0.1
    assert share_near_zero() < 0.1


@pytest.mark.parametrize("name", ["adamw", "sgd"])
def test_weight_decay_shrinks_the_weights_apart_from_the_gradient(trainer_of, name):
    without, decayed = (
        trainer_of(optimizer=OptimizerConfig(name, 0.1, weight_decay=d), **ONE_UPDATE) for d in (0.0, 0.5)
    )
    start = without.best_network()
    a, b = _trained(without), _trained(decayed)
    for before, plain, shrunk in zip(start.weights, a.weights, b.weights, strict=True):
        np.testing.assert_allclose(shrunk, plain - 0.05 * before)
    for plain, free in zip(a.biases, b.biases, strict=True):
        assert (plain == free).all()


def test_adamw_without_decay_is_adam(trainer_of):
    adam, adamw = (
        _trained(trainer_of(optimizer=config))
        for config in (OptimizerConfig(), OptimizerConfig("adamw", weight_decay=0))
    )
    assert adam.parameters.tobytes() == adamw.parameters.tobytes()


def test_max_norm_holds_after_every_update(trainer_of):
    def longest(network):
        return max(np.linalg.norm(W, axis=1).max() for W in network.weights)

    fast = {"optimizer": OptimizerConfig(learning_rate=0.05), "early_stopping": None, "epochs": 20}
    assert longest(_trained(trainer_of(**fast))) > 1.0
    limited = trainer_of(max_norm=0.7, **fast)
    list(limited.run(lambda state: None if longest(limited._network) <= 0.7 + 1e-6 else pytest.fail("too long")))


def test_inputs_are_dropped_in_training_and_not_in_validation(trainer_of):
    trainer = trainer_of(input_dropout=0.5, **ONE_UPDATE)
    order = epoch_order(53, 0, 1)
    X = drop_inputs(trainer._given.X[order], 0.5, seed=0, epoch=1, batch=0)
    passed = trainer.best_network().forward(X)
    by_hand = LOSSES["cross_entropy"].value(passed.z[-1], passed.a[-1], trainer._given.Y[order]).mean()
    (report,) = trainer.run()
    assert report.train_loss == pytest.approx(by_hand)
    passed = trainer.best_network().forward(trainer._validation._X)
    by_hand = LOSSES["cross_entropy"].value(passed.z[-1], passed.a[-1], trainer._validation._Y).mean()
    assert report.validation_loss == pytest.approx(by_hand)


@pytest.mark.parametrize("engine", ["clear", "small"])
def test_an_option_that_is_off_changes_no_bit(trainer_of, engine):
    """Limits that are never reached leave what a training without them would be."""
    plain, limited = trainer_of(engine=engine), trainer_of(max_norm=1e6, max_gradient_norm=1e6, engine=engine)
    assert [dataclasses.asdict(r) for r in plain.run()] == [dataclasses.asdict(r) for r in limited.run()]
    assert plain.state.parameters.tobytes() == limited.state.parameters.tobytes()


SCHEDULES = {
    "step": ScheduleConfig("step", step_epochs=2, factor=0.5),
    "cosine": ScheduleConfig("cosine", warmup_epochs=2, min_learning_rate=1e-4),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_scheduled_rate_is_used_and_reported(trainer_of, name):
    """SGD's first update of an epoch is its rate times the gradient: read the rate off the parameters."""
    schedule, used = SCHEDULES[name], []
    config = {"batch_size": 53, "early_stopping": None, "dtype": np.float64, "engine": "clear"}
    trainer = trainer_of(optimizer=PLAIN_SGD, schedule=schedule, **config)
    before = trainer.state.parameters.copy()

    def read_off(state):
        used.append(np.linalg.norm(state.parameters - before) / np.linalg.norm(trainer._engine._gradient))
        before[:] = state.parameters

    # The last operation on the gradient buffer is SGD's own reading of it: plain SGD leaves it as it is.
    reported = [report.learning_rate for report in trainer.run(read_off)]
    assert reported == [scheduled_rate(schedule, 0.1, epoch, 6, 0) for epoch in range(1, 7)]
    assert len(set(reported)) >= 3
    np.testing.assert_allclose(used, reported, rtol=1e-6)


@pytest.mark.parametrize("config", [OptimizerConfig(), OptimizerConfig("adamw"), OptimizerConfig("sgd", momentum=0.5)])
def test_every_optimizer_follows_the_schedule(trainer_of, config):
    nearly_off = ScheduleConfig("step", step_epochs=1, factor=1e-12)
    trainer = trainer_of(optimizer=config, schedule=nearly_off, early_stopping=None, epochs=3)
    run = trainer.run()
    next(run)
    velocity = trainer.state.optimizer.get("velocity")
    if velocity is not None:
        velocity[:] = 0  # what momentum remembers of the first epoch
    after_one = trainer.state.parameters.copy()
    list(run)
    np.testing.assert_allclose(trainer.state.parameters, after_one, atol=1e-8)


def test_the_rate_falls_on_a_plateau_of_the_validation_loss(trainer_of):
    plateau = ScheduleConfig("plateau", patience=2, factor=0.1, min_delta=1000.0)
    reports = list(trainer_of(schedule=plateau, optimizer=PLAIN_SGD, epochs=7, early_stopping=None).run())
    # No loss falls by 1,000: the first is the reference, then every second epoch is a plateau.
    assert [round(report.learning_rate, 9) for report in reports] == [0.1, 0.1, 0.1, 0.01, 0.01, 0.001, 0.001]


def test_early_stopping_watches_the_metric_that_it_is_told(trainer_of):
    stopping = EarlyStopping("validation_score", patience=30)
    trainer = trainer_of(early_stopping=stopping, epochs=60, optimizer=OptimizerConfig(learning_rate=0.05))
    reports = list(trainer.run())
    scores = [report.validation_score for report in reports]
    assert trainer.best_epoch == 1 + int(np.argmax(scores))
    assert trainer.best_epoch != 1 + int(np.argmin([report.validation_loss for report in reports]))


@pytest.mark.parametrize(
    ("task", "metric"), [(task, metric) for metric in TASKS_OF for task in TASKS_OF[metric] if metric in WATCHED]
)
def test_the_best_epoch_is_that_of_the_best_metric(trainer_of, task, metric):
    stopping = EarlyStopping(metric, patience=100, min_delta=0)
    trainer = trainer_of(task, early_stopping=stopping, epochs=25, optimizer=OptimizerConfig(learning_rate=0.02))
    values = []
    for _ in trainer.run():
        outputs = trainer._network.predict(trainer._validation._X)
        values.append(WATCHED[metric](outputs, trainer._validation._Y, ENCODINGS[task]))
    best = np.argmin(values) if metric in LOWER_IS_BETTER else np.argmax(values)
    assert trainer.best_epoch == 1 + best
    assert (
        WATCHED[metric](trainer.best_network().predict(trainer._validation._X), trainer._validation._Y, ENCODINGS[task])
    ) == values[best]


@pytest.mark.parametrize("metric", ["validation_score", "validation_macro_f1"])
def test_without_validation_rows_the_training_loss_stands_in_for_their_metric(trainer_of, metric):
    trainer = trainer_of(early_stopping=EarlyStopping(metric), validation=0)
    losses = [report.train_loss for report in trainer.run()]
    assert trainer.best_epoch == 1 + int(np.argmin(losses))


def test_a_limit_on_seconds_ends_the_training_with_the_batch_that_reaches_it(trainer_of):
    # Each batch takes one tick, and validation one: 8 s an epoch of 7 batches. 20 s end in the 4th batch of the third.
    trainer = trainer_of(max_seconds=20, epochs=100, early_stopping=None, engine="clear")
    reports = list(trainer.run())
    assert [report.samples for report in reports] == [53, 53, 32]
    assert trainer.state.progress.out_of_time
    assert (trainer.state.step, trainer.best_epoch) == (18, 3)
    assert list(trainer.run()) == []


def test_up_to_its_limit_a_training_is_what_it_would_be_without(trainer_of):
    limited, free = (trainer_of(max_seconds=s, epochs=100, early_stopping=None, engine="clear") for s in (16, None))
    reports = list(limited.run())
    run = free.run()
    assert reports == [next(run) for _ in reports]
    assert limited.state.parameters.tobytes() == free.state.parameters.tobytes()
    assert len(reports) == 2


def test_a_training_within_its_limit_is_not_out_of_time(trainer_of):
    trainer = trainer_of(max_seconds=1e6)
    assert len(list(trainer.run())) == 6
    assert not trainer.state.progress.out_of_time


def test_the_r2_of_an_epoch_cut_short_is_of_its_own_rows(trainer_of):
    config = {"epochs": 1, "optimizer": OptimizerConfig("sgd", learning_rate=1e-300), "engine": "clear"}
    whole, cut = trainer_of("regression", **config), trainer_of("regression", max_seconds=6, **config)
    (a,), (b,) = list(whole.run()), list(cut.run())
    assert b.samples == 48
    assert b.train_score == pytest.approx(a.train_score, abs=0.1)


def test_a_row_of_weight_two_is_as_two_rows(trainer_of):
    """Training on all rows at once, some of them twice, and on each once by weight: the same network."""
    config = {"batch_size": 200, "epochs": 30, "early_stopping": None, "dtype": np.float64}
    twice = np.arange(53) % 3 == 0
    weighted = trainer_of(weights=np.where(twice, 2, 1).astype(np.float32), **config)
    doubled = trainer_of(taken=np.concatenate([np.arange(53), np.flatnonzero(twice)]), **config)
    a, b = list(weighted.run()), list(doubled.run())
    np.testing.assert_allclose(weighted.state.parameters, doubled.state.parameters, rtol=1e-6, atol=1e-9)
    assert [r.train_loss for r in a] == pytest.approx([r.train_loss for r in b])
    assert a[-1].validation_loss == pytest.approx(b[-1].validation_loss)


def test_the_validation_loss_is_weighted_and_the_score_is_not(trainer_of):
    weights = np.linspace(0, 1, 20, dtype=np.float32)
    plain, weighted = trainer_of(**ONE_UPDATE), trainer_of(weights_val=weights, **ONE_UPDATE)
    (a,), (b,) = list(plain.run()), list(weighted.run())
    passed = plain.best_network().forward(plain._validation._X)
    losses = LOSSES["cross_entropy"].value(passed.z[-1], passed.a[-1], plain._validation._Y)
    assert b.validation_loss == pytest.approx((weights * losses).sum() / weights.sum())
    assert b.validation_loss != pytest.approx(a.validation_loss)
    assert (a.train_loss, a.validation_score) == (b.train_loss, b.validation_score)


def test_equal_weights_are_none(trainer_of):
    plain, weighted = trainer_of(dtype=np.float64), trainer_of(dtype=np.float64, weights=np.full(53, 7, np.float32))
    a, b = list(plain.run()), list(weighted.run())
    assert [r.train_loss for r in a] == pytest.approx([r.train_loss for r in b])
    np.testing.assert_allclose(plain.state.parameters, weighted.state.parameters, rtol=1e-6, atol=1e-9)


def test_a_batch_without_any_weight_changes_nothing(trainer_of):
    weights = np.zeros(53, dtype=np.float32)
    weights[epoch_order(53, 0, 1)[8:16]] = 1  # the second batch of the first epoch
    trainer = trainer_of(weights=weights, optimizer=PLAIN_SGD, epochs=1, engine="clear")
    paths = [trainer.state.parameters.copy()]
    (report,) = trainer.run(lambda state: paths.append(state.parameters.copy()))
    moved = [(a != b).any() for a, b in itertools.pairwise(paths)]
    assert moved == [False, True, False, False, False, False, False]
    assert report.train_loss > 0.5  # the mean over the rows that count


@pytest.mark.parametrize("part", ["weights", "weights_val"])
def test_a_part_without_any_weight_is_refused(trainer_of, part):
    zeros = np.zeros(53 if part == "weights" else 20, dtype=np.float32)
    with pytest.raises(NotEnoughRows, match="has a weight above 0"):
        trainer_of(**{part: zeros})


def test_a_training_starts_with_the_parameters_that_it_is_given(trainer_of):
    first = trainer_of(epochs=3, early_stopping=None)
    list(first.run())
    learnt = first.best_network().parameters
    tuned = trainer_of(initial=learnt, batch_size=53, dtype=np.float64)
    assert (tuned.best_network().parameters == learnt).all()
    passed = first.best_network().forward(tuned._given.X)
    loss = LOSSES["cross_entropy"].value(passed.z[-1], passed.a[-1], tuned._given.Y).mean()
    assert _first_loss(tuned) == pytest.approx(loss, rel=1e-5)
