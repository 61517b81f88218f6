"""What a network says of the rows that it does not learn from, after an epoch."""

from dataclasses import dataclass

import numpy as np

from core.arrays import FloatArray
from core.configuration import TrainingConfig
from core.example_weights import mean_loss, shares
from core.losses import Loss
from core.network import MLP
from core.scores import score, spread, tally
from core.targets import TargetEncoding
from core.watched_metrics import WATCHED


@dataclass(frozen=True)
class Validation:
    """One measurement: the mean loss, the task's score, and the metric that early stopping watches beside these."""

    loss: float
    score: float | None
    watched: float | None


class ValidationRows:
    """The validation rows X (n, n_inputs) and Y (n, n_outputs), n at least 1, with their weights (n,) or None."""

    def __init__(
        self,
        config: TrainingConfig,
        loss: Loss,
        X: FloatArray,
        Y: FloatArray,
        weights: FloatArray | None,
        target_encoding: TargetEncoding,
    ) -> None:
        stopping = config.early_stopping
        self._task, self._loss, self._target_encoding = config.task, loss, target_encoding
        self._X, self._Y, self._spread = X, Y, spread(Y)
        self._shares = None if weights is None else shares(weights)
        self._metric = WATCHED.get(stopping.metric) if stopping is not None else None

    def measure(self, network: MLP) -> Validation | None:
        """Without dropout or penalty; None where the loss is not finite."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            z = network.logits(self._X)
            outputs = network.output(z)
            loss = mean_loss(self._loss.value(z, outputs, self._Y), self._shares)
            if not np.isfinite(loss):
                return None
            total = tally(self._task, outputs, self._Y)
        watched = self._metric(outputs, self._Y, self._target_encoding) if self._metric is not None else None
        return Validation(loss, score(self._task, total, len(z), self._spread), watched)
