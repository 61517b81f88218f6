"""Decoupled weight decay: the weights shrink apart from the gradient; biases are free."""

from core.network import MLP


def decay_weights(network: MLP, learning_rate: float, weight_decay: float) -> None:
    """Shrink every W before an update, in place: W ← W − ε λ W.

    Loshchilov and Hutter 2019, algorithm 2, in the form in which λ is multiplied by the learning rate ε.
    """
    for W in network.weights:
        W *= 1 - learning_rate * weight_decay  # [WEIGHT-DECAY]
