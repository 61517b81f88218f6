"""Adam's kernel: the same bits as the nine passes, compiled or not, and none where Numba is missing."""

import sys
from collections.abc import Iterator
from typing import Any

import numba
import numpy as np
import pytest

from core.configuration import OptimizerConfig
from core.engine.adam_kernel import LEAST_PARAMETERS, adam, adam_kernel
from core.engine.calls import run
from core.engine.updates import AdamUpdate, update_of

BATCHES, BLOCKS, SIZE = 7, 5, 5003


@pytest.fixture
def _forgotten() -> Iterator[None]:
    """The kernel is looked for anew, and so is it afterwards."""
    adam_kernel.cache_clear()
    yield
    adam_kernel.cache_clear()


def _updated(kernel: Any, dtype: Any, size: int = SIZE) -> dict[str, Any]:
    random = np.random.default_rng(0)
    update = AdamUpdate(OptimizerConfig(beta_2=0.9), BATCHES, dtype, kernel)
    P = random.normal(size=size).astype(dtype)
    vectors = {name: np.zeros(size, dtype) for name in ("m", "v")}
    G, work = np.empty(size, dtype), np.empty(size, dtype)
    with np.errstate(all="ignore"):
        for block in range(BLOCKS):
            update.begin(0.01, block * BATCHES, BATCHES)
            for j in range(BATCHES):
                G[:] = random.normal(size=size) * 10.0 ** random.integers(-30, 10, size)
                G[: 2 * j] = 0
                G[-1] = np.inf if block == 3 else 1
                run(update.calls(j, P, G, vectors, work))
            run(update.closing_calls(vectors))
    return {"P": P, **vectors}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_kernel_ends_with_the_same_bits_as_the_passes(dtype):
    passes, kernel = _updated(None, dtype), _updated(adam_kernel(), dtype)
    assert np.isnan(passes["P"][-1])
    assert np.isfinite(passes["P"][:-1]).all()
    for name in passes:
        np.testing.assert_array_equal(kernel[name], passes[name])


def test_what_is_compiled_is_what_is_written():
    size = 40
    passes, written = _updated(None, np.float32, size), _updated(adam, np.float32, size)
    for name in passes:
        np.testing.assert_array_equal(written[name], passes[name])


@pytest.mark.usefixtures("_forgotten")
def test_a_training_ends_with_the_same_bits_without_numba(trainer_of, monkeypatch):
    sizes = {"hidden": (90, 60), "epochs": 3}
    compiled = trainer_of(**sizes)
    assert compiled.state.parameters.size >= LEAST_PARAMETERS
    list(compiled.run())
    assert adam_kernel() is not None
    adam_kernel.cache_clear()
    monkeypatch.setitem(sys.modules, "numba", None)
    plain = trainer_of(**sizes)
    list(plain.run())
    assert adam_kernel() is None
    assert plain.engine == compiled.engine
    assert plain.state.parameters.tobytes() == compiled.state.parameters.tobytes()


def test_a_small_network_does_not_wait_for_a_compiler():
    small, large = (
        update_of(OptimizerConfig(), 2, np.zeros(n, np.float32)) for n in (LEAST_PARAMETERS - 1, LEAST_PARAMETERS)
    )
    assert isinstance(small, AdamUpdate)
    assert isinstance(large, AdamUpdate)
    assert small._kernel is None
    assert large._kernel is adam_kernel()


@pytest.mark.usefixtures("_forgotten")
def test_where_no_folder_is_writable_it_is_compiled_without_a_cache(monkeypatch):
    njit, asked = numba.njit, []

    def without_cache(*arguments: Any, **options: Any) -> Any:
        asked.append(options.get("cache", False))
        if asked[-1]:
            raise RuntimeError("cannot cache function 'adam': no locator available")
        return njit(*arguments, **options)

    monkeypatch.setattr(numba, "njit", without_cache)
    assert adam_kernel() is not None
    assert asked == [True, False]
