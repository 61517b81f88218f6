"""The choice of a form: what each is for, and what only the clear one knows."""

from typing import Any

import pytest

from core.configuration import OptimizerConfig, TrainingConfig
from core.engine import choice
from core.engine.choice import Choice, choose
from core.network import parameter_count


def _choose(
    sizes: tuple[int, ...], rows: int = 60_000, threads: int = 2, form: str | None = None, **more: Any
) -> Choice:
    config = TrainingConfig(**{"task": "classification", "hidden": sizes[1:-1], **more})
    return choose(config, rows, sizes, threads, form)


@pytest.mark.parametrize(
    ("sizes", "batch_size", "form", "threads"),
    [
        ((4, 16, 3), 32, "small", 1),
        ((64, 64, 10), 128, "small", 1),
        ((16, 64, 4), 2048, "small", 1),
        ((784, 128, 10), 32, "large", 1),
        ((784, 512, 256, 10), 32, "large", 2),
        ((784, 512, 256, 10), 1024, "large", 2),
        ((64, 128, 10), 2048, "large", 2),
    ],
)
def test_a_form_is_chosen_by_shapes(sizes, batch_size, form, threads):
    chosen = _choose(sizes, batch_size=batch_size)
    assert (chosen.form, chosen.threads) == (form, threads)


def test_one_thread_is_one_thread():
    assert _choose((784, 512, 256, 10), batch_size=128, threads=1).threads == 1


@pytest.mark.parametrize("beta_2", [0.0, 1e-9])
@pytest.mark.parametrize("form", [None, "small", "large"])
def test_without_a_finite_scale_for_adam_there_is_the_clear_form_only(beta_2, form):
    assert _choose((4, 16, 3), form=form, optimizer=OptimizerConfig(beta_2=beta_2)) == Choice("clear", 1, 1)


@pytest.mark.parametrize("form", [None, "small", "large"])
def test_a_gradient_that_is_clipped_is_not_made_in_pieces(form):
    assert _choose((784, 512, 256, 10), form=form, max_gradient_norm=1.0).form == "small"


@pytest.mark.parametrize("form", ["clear", "small", "large"])
def test_a_form_can_be_asked_for(form):
    assert _choose((4, 16, 3), form=form).form == form


def test_a_name_tells_apart_what_rounds_differently():
    assert _choose((4, 16, 3), form="clear").name == "clear"
    assert _choose((4, 16, 3)).name == "small, 1 thread, 64 batches a block"
    assert _choose((784, 512, 256, 10), batch_size=128).name == "large, 2 threads, 51 batches a block"


def test_a_block_is_no_longer_than_an_epoch():
    assert _choose((4, 16, 3), rows=150, batch_size=32).batches_per_block == 5
    assert _choose((4, 16, 3), rows=150, batch_size=512).batches_per_block == 1


@pytest.mark.parametrize(
    ("sizes", "batch_size"),
    [
        ((4, 16, 3), 32),
        ((784, 512, 256, 10), 1024),
        ((1024, 2048, 2048, 100), 128),
        ((2000, 16, 3), 512),
        ((10_000, 16, 3), 32),
    ],
)
def test_a_block_is_bounded_in_time_and_memory(sizes, batch_size):
    chosen = _choose(sizes, batch_size=batch_size)
    batches, buffered = chosen.batches_per_block, sizes[-1] + (sizes[0] if chosen.form == "small" else 0)
    assert 1 <= batches <= choice.BLOCK_BATCHES
    assert batches * batch_size * parameter_count(sizes) <= choice.BLOCK_WORK
    assert batches * batch_size * buffered <= choice.BLOCK_ELEMENTS


def test_a_block_ends_before_adams_scale_grows_too_far():
    assert _choose((4, 16, 3), optimizer=OptimizerConfig(beta_2=0.1)).batches_per_block == 8


def test_a_batch_larger_than_a_block_is_a_block():
    assert _choose((1024, 2048, 2048, 100), batch_size=4096).batches_per_block == 1
