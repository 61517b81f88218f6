"""What an activation or a loss costs us and PyTorch, per element, forward and derivative together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from bench.pace import repeats_per_second
from bench.results import median_and_spread
from core.activations import OUTPUT_FUNCTIONS
from core.backprop import output_delta
from core.engine.activations import ACTIVATION_CALLS
from core.engine.calls import Call, bind, run
from core.losses import LOSSES

HIDDEN_SHAPE = (128, 512)
OUTPUT_SHAPES = ((128, 10), (1024, 100))

TORCH_ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "silu": torch.nn.functional.silu,
    "gelu": torch.nn.functional.gelu,
    "gelu_tanh": partial(torch.nn.functional.gelu, approximate="tanh"),
}
TORCH_LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "cross_entropy": torch.nn.functional.cross_entropy,
    "binary_cross_entropy": torch.nn.functional.binary_cross_entropy_with_logits,
    "mse": torch.nn.functional.mse_loss,
    "mae": torch.nn.functional.l1_loss,
    "huber": torch.nn.functional.huber_loss,
}
OUTPUT_OF = {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}


@dataclass(frozen=True)
class Element:
    """One function at one size, ours and PyTorch's: the same result, each once a call."""

    name: str
    shape: tuple[int, int]
    ours: Callable[[], object]
    torch: Callable[[], object]


def elements() -> Iterator[Element]:
    """All that is compared: each activation with what comes back multiplied by σ′, each loss with its δ^L."""
    random = np.random.default_rng(0)
    z, upstream = (random.standard_normal(HIDDEN_SHAPE, dtype=np.float32) for _ in range(2))
    for name, function in TORCH_ACTIVATIONS.items():
        yield Element(name, HIDDEN_SHAPE, _our_activation(name, z, upstream), _torch_activation(function, z, upstream))
    for shape in OUTPUT_SHAPES:
        z = random.standard_normal(shape, dtype=np.float32)
        labels = random.integers(shape[1], size=shape[0])
        one_hot = np.eye(shape[1], dtype=np.float32)[labels]
        for name, loss in TORCH_LOSSES.items():
            target = labels if name == "cross_entropy" else one_hot  # an index a row is what its loop uses, and faster
            yield Element(name, shape, _our_loss(name, z, one_hot), _torch_loss(loss, z, target))


def _our_activation(name: str, z: Any, upstream: Any) -> Callable[[], object]:
    """As the engines do it: in place, bound once; z, which a product writes there in a step, is copied first."""
    a, delta = np.empty_like(z), np.empty_like(z)
    calls = ACTIVATION_CALLS[name](a, upstream, delta)
    steps: list[Call] = [bind(np.copyto, calls.z, z), *calls.forward, *calls.backward]
    return partial(run, steps)


def _our_loss(name: str, z: Any, y: Any) -> Callable[[], object]:
    loss, output = LOSSES[name], OUTPUT_OF.get(name, "identity")

    def step() -> object:
        a = OUTPUT_FUNCTIONS[output](z)
        return loss.value(z, a, y).mean(), output_delta(output, loss, z, a, y) / len(y)

    return step


def _torch_activation(function: Callable[[torch.Tensor], torch.Tensor], z: Any, upstream: Any) -> Callable[[], object]:
    at, back = torch.from_numpy(z).requires_grad_(), torch.from_numpy(upstream)

    def step() -> object:
        a = function(at)
        return a.detach(), torch.autograd.grad(a, at, back)[0]

    return step


def _torch_loss(
    function: Callable[[torch.Tensor, torch.Tensor], torch.Tensor], z: Any, target: Any
) -> Callable[[], object]:
    at, y = torch.from_numpy(z).requires_grad_(), torch.from_numpy(target)

    def step() -> object:
        value = function(at, y)
        return value.detach(), torch.autograd.grad(value, at)[0]

    return step


@contextmanager
def _torch_threads(threads: int) -> Iterator[None]:
    torch.set_num_threads(threads)
    yield


def measure(element: Element, *, rounds: int, seconds: float) -> dict[str, Any]:
    """A row: nanoseconds per element, and how many times as fast as PyTorch on one thread we are."""
    ways: dict[str, tuple[Callable[[], object], Callable[[], AbstractContextManager[object]]]] = {
        "ours": (element.ours, partial(threadpool_limits, limits=1)),
        "torch": (element.torch, partial(_torch_threads, 1)),
        "torch_2_threads": (element.torch, partial(_torch_threads, 2)),
    }
    size = element.shape[0] * element.shape[1]
    costs: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (step, limit) in ways.items():
            with limit():
                costs[name].append(1e9 / size / repeats_per_second(partial(_repeat, step), seconds))
    ratio, spread = median_and_spread(theirs / ours for ours, theirs in zip(costs["ours"], costs["torch"], strict=True))
    nanoseconds = {f"{name}_ns": median_and_spread(values)[0] for name, values in costs.items()}
    shape = f"{element.shape[0]}×{element.shape[1]}"
    return {"function": element.name, "elements": shape, **nanoseconds, "vs_torch": ratio, "vs_torch_spread": spread}


def _repeat(step: Callable[[], object], count: int) -> None:
    for _ in range(count):
        step()


HEADER = (
    f"{'forward and derivative':>22} {'elements':>9} {'ours':>7} {'torch':>7} {'2 threads':>9}  ns an element;  × torch"
)


def line(found: dict[str, Any]) -> str:
    """A row as a line of the table."""
    low, high = found["vs_torch_spread"]
    return (
        f"{found['function']:>22} {found['elements']:>9} {found['ours_ns']:>7.2f} {found['torch_ns']:>7.2f} "
        f"{found['torch_2_threads_ns']:>9.2f}  {found['vs_torch']:>16.3g} ({low:.3g} to {high:.3g})"
    )
