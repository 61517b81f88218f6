"""PyTorch's training loop for a table that is in memory.

As its tutorials write it, but for the DataLoader: that fetches row by row, which alone takes about as long as all the
rest of an epoch of the small networks. Here an epoch draws a permutation and takes each batch by its indices; the
gradients are set to None, and the loss is summed as a tensor until the epoch ends.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from bench.problems import Rows


@contextmanager
def torch_loop(rows: Rows, *, threads: int, fused: bool) -> Iterator[Callable[[int], None]]:
    """A function that trains for so many epochs more; `fused` is Adam's option, None of it is the default."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layers: list[torch.nn.Module] = []
    for n_in, n_out in itertools.pairwise(rows.problem.sizes):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3, fused=True if fused else None)
    X, labels, batch = torch.from_numpy(rows.X), torch.from_numpy(rows.labels), rows.problem.batch

    def epochs(count: int) -> None:
        for _ in range(count):
            total = torch.zeros(())
            for index in torch.randperm(len(X)).split(batch):
                optimizer.zero_grad(set_to_none=True)
                loss = criterion(network(X[index]), labels[index])
                loss.backward()
                optimizer.step()
                total += loss.detach()
            total.item()

    yield epochs
