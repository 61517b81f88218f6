"""Label smoothing: training targets that are a little less sure (Szegedy et al. 2016)."""

from core.arrays import FloatArray


def smooth(targets: FloatArray, smoothing: float, output_activation: str) -> FloatArray:
    """The targets y (n, K) smoothed by s: (1 − s) y + s/K for softmax, and towards 1/2 for each sigmoid output.

    The share s is spread over what the output can say: K classes, or yes and no.
    """
    choices = targets.shape[1] if output_activation == "softmax" else 2
    return targets * (1 - smoothing) + smoothing / choices  # [SMOOTHING]
