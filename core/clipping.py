"""Clipping of the gradient by its Euclidean norm."""

from core.arrays import FloatArray


def clip_by_norm(gradient: FloatArray, norm: float, limit: float) -> None:
    """Shorten a gradient g of this norm to the limit, in place: g ← g · limit/‖g‖ where ‖g‖ is above it.

    Pascanu, Mikolov and Bengio 2013, algorithm 1; over all parameters together.
    """
    if norm > limit:
        gradient *= limit / norm  # [CLIP]
