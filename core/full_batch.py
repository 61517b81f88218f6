"""Training by L-BFGS: SciPy's, on the gradient of all rows at once, in float64.

For small data. It can be interrupted between two blocks of rows, but cannot go on: what SciPy remembers of the
curvature is not ours to save. Who interrupts it begins anew, and comes to the same bits again.
"""

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import OptimizeResult, minimize

from core.arrays import Float64Array, FloatArray
from core.backprop import backward
from core.configuration import TrainingConfig, check_size
from core.epoch_end import close_epoch
from core.errors import NotEnoughRows, TrainingDiverged
from core.example_weights import shares
from core.label_smoothing import smooth
from core.losses import loss_after
from core.network import BLOCK_ROWS, MLP
from core.penalty import penalise
from core.reports import EpochReport
from core.scores import score, spread, tally
from core.targets import TargetEncoding
from core.training_state import TrainingState
from core.validation import ValidationRows

LINE_SEARCH_STEPS = 50
GRADIENT_TOLERANCE = 1e-6  # the largest part of a gradient that counts as none
LOSS_TOLERANCE = 64 * float(np.finfo(np.float64).eps)  # relative

OnReport = Callable[[EpochReport], None]
OnBlock = Callable[[TrainingState], None]


class FullBatchTrainer:
    """Trains one network by L-BFGS; the parameters are those of `core.training.Trainer`. An iteration is an epoch.

    Raises
    ------
    InvalidConfiguration
        For a network that is too large.
    NotEnoughRows
        Without a training row.
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
        clock: Callable[[], float],
    ) -> None:
        if len(X) == 0:
            raise NotEnoughRows("there are no rows to train on")
        check_size(config.hidden, X.shape[1], target_encoding.n_outputs, config.optimizer.name)
        self._config, self._clock = config, clock
        self._X, self._spread = X, spread(Y)
        self._Y = smooth(Y, config.label_smoothing, config.output_activation) if config.label_smoothing > 0 else Y
        self._shares = np.full(len(X), 1 / len(X)) if weights is None else shares(weights.astype(np.float64))
        self._loss = loss_after(config.output_activation, config.resolved_loss, huber_delta=config.huber_delta)
        self._validation: ValidationRows | None = None
        if X_val is not None and Y_val is not None and len(X_val) > 0:
            Y_val = Y_val.astype(np.float64)
            self._validation = ValidationRows(config, self._loss, X_val, Y_val, weights_val, target_encoding)
        sizes = (X.shape[1], *config.hidden, target_encoding.n_outputs)
        self._network = MLP.initialize(
            sizes, config.activation, config.output_activation, seed=config.seed, dtype=np.float64
        )
        if initial is not None:
            self._network.parameters[:] = initial
        self.state = TrainingState(self._network.parameters, {})
        self._started = self._clock()
        self._evaluated: tuple[float, float, Float64Array] = (math.inf, math.inf, np.zeros(1))

    @property
    def best_epoch(self) -> int:
        """The epoch whose network `best_network` gives; 0 before the first has ended."""
        progress = self.state.progress
        return progress.watch.best_epoch if progress.watch.best_epoch is not None else progress.epoch - 1

    def best_network(self) -> MLP:
        """The network, in float32, of the best epoch with early stopping, else of the last."""
        best, network = self.state.best_parameters, self._network
        parameters = self.state.parameters if best is None else best
        return MLP.from_parameters(
            network.layer_sizes,
            network.hidden_activation,
            network.output_activation,
            parameters.astype(np.float32),
        )

    def run(self, on_block: OnBlock, on_report: OnReport) -> None:
        """Minimise the loss until it does not fall, the epochs are done, or early stopping or the clock ends it.

        `on_block(state)` is called after each block of rows, `on_report` after each iteration; both may raise.

        Raises
        ------
        TrainingDiverged
            When a loss or a gradient is not finite.
        """
        progress = self.state.progress
        self._started = self._clock()

        def iterated(intermediate_result: OptimizeResult) -> None:
            self.state.parameters[:] = intermediate_result.x
            on_report(self._report())
            if progress.stopped:
                raise StopIteration

        found = minimize(
            lambda x: self._evaluate(x, on_block),
            self.state.parameters.copy(),
            method="L-BFGS-B",
            jac=True,
            callback=iterated,
            options={
                "maxiter": self._config.epochs,
                "maxfun": (LINE_SEARCH_STEPS + 1) * self._config.epochs,
                "maxls": LINE_SEARCH_STEPS,
                "gtol": GRADIENT_TOLERANCE,
                "ftol": LOSS_TOLERANCE,
            },
        )
        if found.nit == 0:  # it began where it ends
            on_report(self._report())
        progress.stopped = True

    def _evaluate(self, x: Float64Array, on_block: OnBlock) -> tuple[float, Float64Array]:
        """The mean loss over all rows with its penalties, and its gradient."""
        config, progress = self._config, self.state.progress
        network = MLP.from_parameters(
            self._network.layer_sizes, self._network.hidden_activation, self._network.output_activation, x
        )
        gradient, part = np.zeros_like(x), np.empty_like(x)
        loss, right = 0.0, None
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # judged as a whole, just below
            for start in range(0, len(self._X), BLOCK_ROWS):
                rows = slice(start, start + BLOCK_ROWS)
                Y, counts = self._Y[rows].astype(np.float64), self._shares[rows]
                passed = network.forward(self._X[rows].astype(np.float64))
                loss += float(counts @ self._loss.value(passed.z[-1], passed.a[-1], Y))
                backward(network, self._loss, passed, Y, part, counts)
                gradient += part
                added = tally(config.task, passed.a[-1], Y)
                right = added if right is None else right + added
                progress.step += 1
                on_block(self.state)
            loss += penalise(network, config.l1, config.l2, gradient)
            norm = math.sqrt(float(gradient @ gradient))
        if not math.isfinite(loss + norm):
            hint = "look for extreme values in the table, or try the optimizer adam"
            raise TrainingDiverged(progress.epoch, 1, progress.last_loss, hint)
        assert right is not None  # there is a row
        progress.last_loss, self._evaluated = loss, (loss, norm, right)
        return loss, gradient

    def _report(self) -> EpochReport:
        """Report the iteration that has ended at the network evaluated last."""
        config, progress = self._config, self.state.progress
        loss, norm, right = self._evaluated
        validation = self._validation.measure(self._network) if self._validation is not None else None
        if self._validation is not None and validation is None:
            raise TrainingDiverged(progress.epoch, 1, loss, "look for extreme values in the table")
        now = self._clock()
        report = EpochReport(
            epoch=progress.epoch,
            train_loss=loss,
            validation_loss=None if validation is None else validation.loss,
            train_score=score(config.task, right, len(self._X), self._spread),
            validation_score=None if validation is None else validation.score,
            learning_rate=config.optimizer.learning_rate,
            gradient_norm=norm,
            seconds=now - self._started,
            samples=len(self._X),
        )
        self._started = now
        close_epoch(config, self.state, report, None if validation is None else validation.watched)
        return report
