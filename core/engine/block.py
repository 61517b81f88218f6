"""What a training hands to an engine, and what it gets back: some consecutive batches of an epoch."""

from dataclasses import dataclass
from typing import Protocol

from core.arrays import Float64Array, FloatArray, IndexArray
from core.configuration import TrainingConfig
from core.losses import Loss
from core.network import MLP
from core.optimizers import Vectors


@dataclass(frozen=True, eq=False)
class EngineInput:
    """What an engine is made with.

    Attributes
    ----------
    config : TrainingConfig
    network : MLP
        Its parameters are changed in place.
    vectors : dict of str to ndarray
        What the optimizer remembers, changed in place.
    loss : Loss
    X, Y : ndarray of shape (n, n_inputs) and (n, n_outputs)
        The training rows, C-contiguous.
    weights : ndarray of shape (n,), or None
        What each example counts for.
    """

    config: TrainingConfig
    network: MLP
    vectors: Vectors
    loss: Loss
    X: FloatArray
    Y: FloatArray
    weights: FloatArray | None


@dataclass(frozen=True)
class Block:
    """Consecutive batches of one epoch.

    Attributes
    ----------
    rows : ndarray of shape (n,)
        The training rows, in order: whole batches, of which the epoch's last may be smaller.
    epoch : int
        From 1.
    batch : int
        The first batch's number in the epoch, from 0.
    step : int
        Updates done before.
    learning_rate : float
    """

    rows: IndexArray
    epoch: int
    batch: int
    step: int
    learning_rate: float


@dataclass(frozen=True)
class Outcome:
    """What the batches of a block came to, each before its own update; k batches.

    Attributes
    ----------
    losses : ndarray of shape (k,)
        Each batch's mean loss with its penalties.
    gradient_norms : ndarray of shape (k,)
        Before clipping.
    weights : ndarray of shape (k,)
        What each batch weighs in the epoch's mean: its rows, or the sum of their weights.
    score : ndarray
        The sum of the batches' tallies (`core.scores.tally`).
    """

    losses: Float64Array
    gradient_norms: Float64Array
    weights: Float64Array
    score: Float64Array


class Engine(Protocol):
    """Trains the network that it was made with.

    Attributes
    ----------
    name : str
        Which form, how many threads, how long blocks: trainings with different names differ in their last bits.
    batches_per_block : int
        Blocks begin at multiples of it: where a block ends may decide the last bits.
    """

    name: str
    batches_per_block: int

    def train(self, block: Block) -> Outcome:
        """Do the block's batches. What is not finite shows in the outcome."""
