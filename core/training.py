"""Training: a generator that yields each epoch's report."""

import math
from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from core.arrays import FloatArray, IndexArray
from core.backprop import backward
from core.batches import EpochOrder, batch_count, batch_rows, epoch_order
from core.clipping import clip_by_norm
from core.configuration import TrainingConfig, check_size
from core.dropout import drop_inputs, dropout_masks
from core.epoch_end import close_epoch
from core.errors import NotEnoughRows, TrainingDiverged
from core.example_weights import mean_loss, shares
from core.label_smoothing import smooth
from core.losses import loss_after
from core.max_norm import limit_norms
from core.network import MLP
from core.optimizers import optimizer_of
from core.penalty import penalise
from core.reports import EpochReport
from core.schedules import scheduled_rate
from core.scores import score, spread, tally
from core.targets import TargetEncoding
from core.training_state import TrainingState
from core.validation import ValidationRows
from core.weight_decay import decay_weights

__all__ = ["EpochReport", "Trainer", "TrainingState"]

OnBatch = Callable[[TrainingState], None]


class Trainer:
    """Trains one network on encoded rows.

    Parameters
    ----------
    config : TrainingConfig
    X, Y : ndarray of shape (n, n_inputs) and (n, n_outputs)
        The training rows.
    X_val, Y_val : ndarray or None
        The validation rows; None, or no rows, for none.
    target_encoding : TargetEncoding
        That made Y.
    weights, weights_val : ndarray of shape (n,), or None
        What each example counts for in the loss, relative to the others of its batch; None for all alike.
    initial : ndarray of shape (n_parameters,), or None
        What to start with; None draws it from the seed.
    state : TrainingState or None
        Where to go on; None starts anew. The trainer owns it from here on.
    order : EpochOrder
        In which order an epoch takes the rows; a state goes on to the same bits under the same order only.
    clock : callable
        Seconds that only rise, such as `time.perf_counter`.
    dtype : float32 or float64

    Raises
    ------
    InvalidConfiguration
        For a network that is too large.
    NotEnoughRows
        Without a training row, or without any weight in a part.
    UnreadableState
        When the state is of another network or optimizer.
    """

    def __init__(
        self,
        config: TrainingConfig,
        X: FloatArray,
        Y: FloatArray,
        X_val: FloatArray | None,
        Y_val: FloatArray | None,
        target_encoding: TargetEncoding,
        *,
        weights: FloatArray | None = None,
        weights_val: FloatArray | None = None,
        initial: FloatArray | None = None,
        state: TrainingState | None = None,
        order: EpochOrder = epoch_order,
        clock: Callable[[], float],
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        if len(X) == 0:
            raise NotEnoughRows("there are no rows to train on")
        for part, part_weights in (("training", weights), ("validation", weights_val)):
            if part_weights is not None and len(part_weights) > 0 and part_weights.max() <= 0:
                raise NotEnoughRows(f"no {part} row has a weight above 0")
        check_size(config.hidden, X.shape[1], target_encoding.n_outputs)
        self._config, self._order = config, order
        self._X, self._Y = (np.ascontiguousarray(part, dtype=dtype) for part in (X, Y))
        self._weights = weights
        if config.label_smoothing > 0:
            self._Y = smooth(self._Y, config.label_smoothing, config.output_activation)
        self._X_val = self._Y_val = None
        if X_val is not None and Y_val is not None and len(X_val) > 0:
            self._X_val, self._Y_val = (np.ascontiguousarray(part, dtype=dtype) for part in (X_val, Y_val))
        self._spread = spread(self._Y)
        self._clock = clock
        self._loss = loss_after(config.output_activation, config.resolved_loss, huber_delta=config.huber_delta)
        self._validation: ValidationRows | None = None
        if self._X_val is not None and self._Y_val is not None:
            self._validation = ValidationRows(
                config, self._loss, self._X_val, self._Y_val, weights_val, target_encoding
            )
        self._optimizer = optimizer_of(config.optimizer)
        layer_sizes = (X.shape[1], *config.hidden, target_encoding.n_outputs)
        self._network = MLP.initialize(
            layer_sizes, config.activation, config.output_activation, seed=config.seed, dtype=dtype
        )
        if initial is not None:
            self._network.parameters[:] = initial
        self._gradient = np.empty_like(self._network.parameters)
        vectors = self._optimizer.initial(self._network.parameters)
        if state is None:
            state = TrainingState(self._network.parameters, vectors)
        else:
            state.check_fits({"parameters": self._network.parameters, **vectors})
            self._network = MLP(layer_sizes, config.activation, config.output_activation, state.parameters)
        self.state = state

    @property
    def best_epoch(self) -> int:
        """The epoch whose network `best_network` gives; 0 before the first has ended."""
        progress = self.state.progress
        return progress.watch.best_epoch if progress.watch.best_epoch is not None else progress.epoch - 1

    def best_network(self) -> MLP:
        """A copy of the network of the best epoch with early stopping, else of the network as it is."""
        network, best = self._network, self.state.best_parameters
        parameters = self.state.parameters if best is None else best
        return MLP.from_parameters(
            network.layer_sizes, network.hidden_activation, network.output_activation, parameters
        )

    def run(self, on_batch: OnBatch | None = None) -> Iterator[EpochReport]:
        """Train until the epochs are done, or early stopping or the limit on seconds ends it.

        `on_batch(state)` is called after every batch. It may raise: the state is consistent then, as it is whenever a
        report is yielded, and a trainer that is given it goes on as if nothing had happened. An epoch whose last batch
        was done but whose report was not yielded is reported on going on.

        Yields
        ------
        EpochReport

        Raises
        ------
        TrainingDiverged
            When a loss, the gradient or a parameter stops being finite.
        """
        progress = self.state.progress
        batches = batch_count(len(self._X), self._config.batch_size)
        while not progress.stopped:
            order = self._order(len(self._X), self._config.seed, progress.epoch)
            while progress.batch < batches and not self._is_out_of_time():
                self._train_batch(batch_rows(order, self._config.batch_size, progress.batch))
                if on_batch is not None:
                    on_batch(self.state)
            yield self._end_epoch()

    @property
    def learning_rate(self) -> float:
        """The learning rate of the epoch in progress."""
        config, progress = self._config, self.state.progress
        base, reductions = config.optimizer.learning_rate, progress.plateau.reductions
        return scheduled_rate(config.schedule, base, progress.epoch, config.epochs, reductions)

    def _is_out_of_time(self) -> bool:
        """Whether the batches so far, at least one of this epoch among them, have taken the time that there is."""
        limit, progress = self._config.max_seconds, self.state.progress
        return limit is not None and progress.batch > 0 and progress.seconds + self.state.sums.seconds >= limit

    def _train_batch(self, rows: IndexArray) -> None:
        config, progress, sums, network = self._config, self.state.progress, self.state.sums, self._network
        started = self._clock()
        X, Y = self._X[rows], self._Y[rows]
        weights = None if self._weights is None else self._weights[rows]
        counts = None if weights is None else shares(weights)
        X = drop_inputs(X, config.input_dropout, seed=config.seed, epoch=progress.epoch, batch=progress.batch)
        masks = dropout_masks(
            config.hidden,
            len(rows),
            config.dropout,
            seed=config.seed,
            epoch=progress.epoch,
            batch=progress.batch,
            dtype=network.dtype,
        )
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # judged as a whole, just below
            passed = network.forward(X, masks)
            loss = mean_loss(self._loss.value(passed.z[-1], passed.a[-1], Y), counts)
            backward(network, self._loss, passed, Y, self._gradient, counts)
            loss += penalise(network, config.l1, config.l2, self._gradient)
            gradient_norm = math.sqrt(float(np.dot(self._gradient, self._gradient)))  # not finite if any part is not
            if not math.isfinite(loss + gradient_norm):
                raise self._diverged(progress.batch + 1)
            if config.max_gradient_norm is not None:
                clip_by_norm(self._gradient, gradient_norm, config.max_gradient_norm)
            self._optimizer.learning_rate = self.learning_rate
            if config.optimizer.weight_decay > 0:
                decay_weights(network, self.learning_rate, config.optimizer.weight_decay)
            self._optimizer.update(network.parameters, self._gradient, self.state.optimizer, progress.step + 1)
            if config.max_norm is not None:
                limit_norms(network, config.max_norm)
            added = tally(config.task, passed.a[-1], Y)
        progress.batch += 1
        progress.step += 1
        progress.last_loss = loss
        sums.rows += len(rows)
        weight = len(rows) if weights is None else float(weights.sum(dtype=np.float64))
        sums.weight += weight
        sums.loss += loss * weight
        sums.gradient_norm += gradient_norm
        sums.score = added if sums.score is None else sums.score + added
        sums.seconds += self._clock() - started

    def _end_epoch(self) -> EpochReport:
        config, progress, sums = self._config, self.state.progress, self.state.sums
        started = self._clock()
        if not np.isfinite(self._network.parameters).all():
            raise self._diverged(progress.batch)
        validation = self._validation.measure(self._network) if self._validation is not None else None
        if self._validation is not None and validation is None:
            raise self._diverged(progress.batch)
        train_loss = sums.loss / (sums.weight or 1.0)
        assert sums.score is not None  # an epoch has at least one batch
        share = sums.rows / len(self._X)  # 1 but for an epoch that the limit on seconds cuts short
        report = EpochReport(
            epoch=progress.epoch,
            train_loss=train_loss,
            validation_loss=None if validation is None else validation.loss,
            train_score=score(config.task, sums.score, sums.rows, self._spread * share),
            validation_score=None if validation is None else validation.score,
            learning_rate=self.learning_rate,
            gradient_norm=sums.gradient_norm / progress.batch,
            seconds=sums.seconds + self._clock() - started,
            samples=sums.rows,
        )
        close_epoch(config, self.state, report, None if validation is None else validation.watched)
        return report

    def _diverged(self, batch: int) -> TrainingDiverged:
        rate = self._config.optimizer.learning_rate
        hint = f"try a learning rate below {rate:g}, such as {rate / 10:g}; or look for extreme values in the table"
        return TrainingDiverged(self.state.progress.epoch, batch, self.state.progress.last_loss, hint)
