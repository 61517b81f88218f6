"""What a training says about one epoch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EpochReport:
    """One epoch of a training.

    Attributes
    ----------
    epoch : int
        From 1.
    train_loss : float
        The mean over the rows of the epoch's own batches, each before its update, with dropout, smoothed labels and
        penalties.
    validation_loss : float or None
        The mean over the validation rows after the epoch, without dropout or penalty; None without such rows.
    train_score, validation_score : float or None
        As `core.scores` says, over the same rows as the losses; None where not defined.
    learning_rate : float
    gradient_norm : float
        The mean over the batches of the gradient's Euclidean norm, before it is clipped.
    seconds : float
        Spent on the batches and on the validation.
    samples : int
        Training rows that the epoch took.
    """

    epoch: int
    train_loss: float
    validation_loss: float | None
    train_score: float | None
    validation_score: float | None
    learning_rate: float
    gradient_norm: float
    seconds: float
    samples: int
