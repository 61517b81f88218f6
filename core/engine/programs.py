"""An engine that is made of programs: one for whole batches, one for the smaller one that an epoch may end with."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from core.arrays import IndexArray
from core.engine.block import Block, Outcome


class Program(Protocol):
    """The buffers and calls for batches of one size."""

    def train(self, block: Block, rows: IndexArray, first: int) -> Outcome:
        """Do the batches of these rows, the first of which is the block's `first`-th, from 0."""


class ProgramEngine:
    """Trains by programs, each made when it is first needed.

    Parameters
    ----------
    name : str
    batch_size, batches_per_block : int
    make : callable
        The program for batches of so many rows, up to so many of them.
    """

    def __init__(self, name: str, batch_size: int, batches_per_block: int, make: Callable[[int, int], Program]) -> None:
        self.name, self.batches_per_block = name, batches_per_block
        self._batch_size, self._make = batch_size, make
        self._programs: dict[int, Program] = {}

    def train(self, block: Block) -> Outcome:
        """Do the block's batches."""
        whole, rest = divmod(len(block.rows), self._batch_size)
        outcomes = []
        if whole:
            outcomes.append(self._program(self._batch_size).train(block, block.rows[: len(block.rows) - rest], 0))
        if rest:
            outcomes.append(self._program(rest).train(block, block.rows[len(block.rows) - rest :], whole))
        return outcomes[0] if len(outcomes) == 1 else _joined(outcomes)

    def _program(self, rows_per_batch: int) -> Program:
        if rows_per_batch not in self._programs:
            batches = self.batches_per_block if rows_per_batch == self._batch_size else 1
            self._programs[rows_per_batch] = self._make(rows_per_batch, batches)
        return self._programs[rows_per_batch]


def _joined(outcomes: list[Outcome]) -> Outcome:
    return Outcome(
        np.concatenate([each.losses for each in outcomes]),
        np.concatenate([each.gradient_norms for each in outcomes]),
        np.concatenate([each.weights for each in outcomes]),
        np.sum([each.score for each in outcomes], axis=0),
    )
