"""Training: a generator that yields each epoch's report."""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from core.arrays import FloatArray, IndexArray
from core.batches import EpochOrder, batch_count, epoch_order
from core.configuration import TrainingConfig, check_size
from core.engine.block import Block, EngineInput
from core.engine.choice import engine_of
from core.epoch_end import close_epoch
from core.errors import NotEnoughRows, TrainingDiverged
from core.label_smoothing import smooth
from core.losses import loss_after
from core.network import MLP
from core.optimizers import optimizer_of
from core.reports import EpochReport
from core.schedules import scheduled_rate
from core.scores import score, spread
from core.targets import TargetEncoding
from core.training_state import TrainingState
from core.validation import ValidationRows

__all__ = ["EpochReport", "Trainer", "TrainingState"]

OnBlock = Callable[[TrainingState], None]


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
    threads : int
        That the training may use. BLAS must have one thread of its own: these are beside it.
    engine : str or None
        The form of a step, one of `core.engine.choice.ENGINES`; None chooses by shape and configuration.

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
        threads: int = 1,
        engine: str | None = None,
    ) -> None:
        if len(X) == 0:
            raise NotEnoughRows("there are no rows to train on")
        for part, part_weights in (("training", weights), ("validation", weights_val)):
            if part_weights is not None and len(part_weights) > 0 and part_weights.max() <= 0:
                raise NotEnoughRows(f"no {part} row has a weight above 0")
        check_size(config.hidden, X.shape[1], target_encoding.n_outputs)
        self._config, self._order = config, order
        X, Y = (np.ascontiguousarray(part, dtype=dtype) for part in (X, Y))
        if config.label_smoothing > 0:
            Y = smooth(Y, config.label_smoothing, config.output_activation)
        self._rows, self._spread, self._clock = len(X), spread(Y), clock
        loss = loss_after(config.output_activation, config.resolved_loss, huber_delta=config.huber_delta)
        self._validation: ValidationRows | None = None
        if X_val is not None and Y_val is not None and len(X_val) > 0:
            X_val, Y_val = (np.ascontiguousarray(part, dtype=dtype) for part in (X_val, Y_val))
            self._validation = ValidationRows(config, loss, X_val, Y_val, weights_val, target_encoding)
        layer_sizes = (X.shape[1], *config.hidden, target_encoding.n_outputs)
        network = MLP.initialize(
            layer_sizes, config.activation, config.output_activation, seed=config.seed, dtype=dtype
        )
        if initial is not None:
            network.parameters[:] = initial
        vectors = optimizer_of(config.optimizer).initial(network.parameters)
        if state is None:
            state = TrainingState(network.parameters, vectors)
        else:
            state.check_fits({"parameters": network.parameters, **vectors})
            network = MLP(layer_sizes, config.activation, config.output_activation, state.parameters)
        self.state, self._network = state, network
        self._given = EngineInput(config, network, state.optimizer, loss, X, Y, weights)
        self._engine = engine_of(self._given, threads=threads, form=engine)

    @property
    def engine(self) -> str:
        """The form of a step, its threads and blocks (`core.engine.choice.Choice.name`): they decide the last bits."""
        return self._engine.name

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

    def run(self, on_block: OnBlock | None = None) -> Iterator[EpochReport]:
        """Train until the epochs are done, or early stopping or the limit on seconds ends it.

        `on_block(state)` is called after every block of batches: one batch, or as many as take some 50 ms. It may
        raise: the state is consistent then, as it is whenever a report is yielded, and a trainer that is given it goes
        on as if nothing had happened. An epoch whose last batch was done but whose report was not yielded is reported
        on going on.

        Yields
        ------
        EpochReport

        Raises
        ------
        TrainingDiverged
            When a loss, the gradient or a parameter stops being finite.
        """
        progress = self.state.progress
        size, per_block = self._config.batch_size, self._engine.batches_per_block
        batches = batch_count(self._rows, size)
        while not progress.stopped:
            order = self._order(self._rows, self._config.seed, progress.epoch)
            while progress.batch < batches and not self._is_out_of_time():
                end = progress.batch // per_block * per_block + per_block
                self._train_block(order[progress.batch * size : end * size])
                if on_block is not None:
                    on_block(self.state)
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

    def _train_block(self, rows: IndexArray) -> None:
        """Do the batches of these rows, the next ones of the epoch."""
        progress, sums = self.state.progress, self.state.sums
        started = self._clock()
        outcome = self._engine.train(Block(rows, progress.epoch, progress.batch, progress.step, self.learning_rate))
        finite = np.isfinite(outcome.losses + outcome.gradient_norms)
        if not finite.all():
            bad = int(np.argmin(finite))
            progress.last_loss = float(outcome.losses[bad - 1]) if bad > 0 else progress.last_loss
            raise self._diverged(progress.batch + bad + 1)
        progress.batch += len(finite)
        progress.step += len(finite)
        progress.last_loss = float(outcome.losses[-1])
        sums.rows += len(rows)
        sums.weight += float(outcome.weights.sum())
        sums.loss += float(outcome.losses @ outcome.weights)
        sums.gradient_norm += float(outcome.gradient_norms.sum())
        sums.score = outcome.score if sums.score is None else sums.score + outcome.score
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
        share = sums.rows / self._rows  # 1 but for an epoch that the limit on seconds cuts short
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
