"""Which form of a step a training gets: a pure function of its shapes and configuration, never of a timing.

The constants come from `make bench-train` and the measurements of decision 061; a value that is somewhat off costs some
speed, and nothing else. A change of them changes the last bits of trainings, as a change of the forms does.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.batches import batch_count
from core.configuration import TrainingConfig
from core.engine.block import Engine, EngineInput
from core.engine.large import LargeProgram
from core.engine.programs import Program, ProgramEngine
from core.engine.small import SmallProgram
from core.engine.updates import most_batches
from core.network import parameter_count
from core.step import ClearEngine

ENGINES = ("clear", "small", "large")

SMALL_PARAMETERS = 65_536
"""From so many parameters on, the optimizer's passes over all of them leave the cache: the large form makes pieces."""

WORK_FOR_THREADS = 16_000_000
"""Parameters × rows of a batch from which several threads gain more than their meetings cost, about a millisecond."""

BLOCK_WORK = 3_500_000_000
"""Parameters × rows that a block may come to: some tenths of a second, after which interrupts are looked at."""

BLOCK_ELEMENTS = 2_097_152
"""Numbers that a block's buffers may hold for its rows, inputs and outputs; 8 MiB as float32."""

BLOCK_BATCHES = 64
"""Batches of a block at most: what is done once for a block is a small part of it then."""


@dataclass(frozen=True)
class Choice:
    """A form of a step, its threads, and the batches of its blocks: what decides the last bits."""

    form: str
    threads: int
    batches_per_block: int

    @property
    def name(self) -> str:
        """All of it in words, such as "large, 2 threads, 16 batches a block"."""
        if self.form == "clear":
            return self.form
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        return f"{self.form}, {threads}, {self.batches_per_block} batches a block"


def choose(
    config: TrainingConfig, rows: int, layer_sizes: Sequence[int], threads: int, form: str | None = None
) -> Choice:
    """The form for a training of so many rows.

    Parameters
    ----------
    config : TrainingConfig
    rows : int
        Of the whole training.
    layer_sizes : sequence of int
        With the inputs and the outputs.
    threads : int
        That there are.
    form : str or None
        One of `ENGINES` to have that one where it can do what is asked for; None for the fastest.
    """
    size = min(config.batch_size, rows)
    n_parameters = parameter_count(layer_sizes)
    work = n_parameters * size
    most = most_batches(config.optimizer)
    if form == "clear" or most == 0:
        return Choice("clear", 1, 1)
    several = work >= WORK_FOR_THREADS
    if form is None:
        form = "large" if several or n_parameters >= SMALL_PARAMETERS else "small"
    if not _in_pieces(config):
        form = "small"
    row_elements = layer_sizes[-1] + (0 if form == "large" else layer_sizes[0])  # large fetches inputs batch by batch
    batches = min(BLOCK_BATCHES, most, BLOCK_WORK // work, BLOCK_ELEMENTS // (row_elements * size))
    batches = max(1, min(batches, batch_count(rows, size)))
    return Choice(form, threads if form == "large" and several else 1, batches)


def _in_pieces(config: TrainingConfig) -> bool:
    """Whether a piece of the weights can be updated before the gradient of the others is known."""
    return config.max_gradient_norm is None


def engine_of(given: EngineInput, *, threads: int = 1, form: str | None = None) -> Engine:
    """The engine of that form, or of the one that is chosen."""
    chosen = choose(given.config, len(given.X), given.network.layer_sizes, threads, form)
    if chosen.form == "clear":
        return ClearEngine(given)

    def program(rows: int, batches: int) -> Program:
        if chosen.form == "small":
            return SmallProgram(given, rows, batches)
        return LargeProgram(given, rows, batches, chosen.threads)

    return ProgramEngine(chosen.name, given.config.batch_size, chosen.batches_per_block, program)
