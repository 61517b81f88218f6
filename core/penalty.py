"""The penalties on the weights, l1 Σ|W| and (l2/2) Σ‖W‖²; biases are free."""

import numpy as np

from core.arrays import FloatArray
from core.network import MLP, layer_views


def penalise(network: MLP, l1: float, l2: float, gradient: FloatArray) -> float:
    """The penalties of a batch, whose gradients are added in place; 0, and nothing touched, where both are off."""
    penalty = 0.0
    if l1 > 0:
        penalty += l1_penalty(network, l1)
        add_l1_gradient(network, l1, gradient)
    if l2 > 0:
        penalty += l2_penalty(network, l2)
        add_l2_gradient(network, l2, gradient)
    return penalty


def l2_penalty(network: MLP, l2: float) -> float:
    """(l2/2) Σ‖W‖², which adds to the mean loss of a batch."""
    return 0.5 * l2 * sum(float((W * W).sum()) for W in network.weights)  # [L2]


def add_l2_gradient(network: MLP, l2: float, gradient: FloatArray) -> None:
    """Add its gradient, l2 · W, to the gradient's weights in place."""
    grad_W, _ = layer_views(gradient, network.layer_sizes)
    for grad, W in zip(grad_W, network.weights, strict=True):
        grad += l2 * W  # [L2-GRADIENT]


def l1_penalty(network: MLP, l1: float) -> float:
    """l1 Σ|W|, which adds to the mean loss of a batch."""
    return l1 * sum(float(np.abs(W).sum()) for W in network.weights)  # [L1]


def add_l1_gradient(network: MLP, l1: float, gradient: FloatArray) -> None:
    """Add its gradient, l1 · sign(W), 0 at 0, to the gradient's weights in place."""
    grad_W, _ = layer_views(gradient, network.layer_sizes)
    for grad, W in zip(grad_W, network.weights, strict=True):
        grad += l1 * np.sign(W)  # [L1-GRADIENT]
