"""The one place that random numbers come from.

A stream is a function of the seed and of counters, never of history, so that a training that was interrupted draws
what the undisturbed one would have drawn.
"""

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream is for. The numbers are part of every saved training: never change or reuse one."""

    INITIALIZATION = 0
    SHUFFLE = 1
    DROPOUT = 2
    SPLIT = 3
    BOOTSTRAP = 4
    INPUT_DROPOUT = 5
    FOLDS = 6
    IMPORTANCE = 7
    SEARCH = 8


def stream(seed: int, purpose: Purpose, epoch: int = 0, batch: int = 0) -> np.random.Generator:
    """The generator of this purpose, epoch and batch."""
    sequence = np.random.SeedSequence(seed, spawn_key=(int(purpose), epoch, batch))
    return np.random.Generator(np.random.PCG64(sequence))


def seed_of(seed: int, purpose: Purpose, number: int) -> int:
    """A seed from 0 to below 2³² for another library's generator, a function of the three alone."""
    return int(np.random.SeedSequence(seed, spawn_key=(int(purpose), number, 0)).generate_state(1)[0])
