"""A noisy curve made calm: an exponential moving average over the x axis."""

from __future__ import annotations

import math
from collections.abc import Sequence

# How many steps of the average the whole x axis is worth, at most.
_STEPS_ACROSS = 1000


def smoothed(
    xs: Sequence[float], ys: Sequence[float | None], weight: float, *, step: float
) -> list[float | None]:
    """The debiased, time-weighted exponential moving average of a curve; gaps stay gaps.

    What came before fades by sqrt(`weight`) for every `step` of x, so that curves of
    different density are smoothed alike; the sum of the weights, faded alike, takes the pull
    towards zero out of the first values. As Weights & Biases define their default smoothing:
    https://docs.wandb.ai/guides/app/features/panels/line-plot/smoothing/
    """
    fading = min(math.sqrt(weight), 0.999)
    total = share = 0.0
    before = xs[0] if xs else 0.0
    calm: list[float | None] = []
    for x, y in zip(xs, ys, strict=True):
        if y is None:
            calm.append(None)
            continue
        faded = fading ** ((x - before) / step) if x > before else fading
        total, share, before = total * faded + y, share * faded + 1.0, x
        calm.append(total / share)
    return calm


def step_of(curves: Sequence[Sequence[float]]) -> float:
    """How much of the x axis makes one step of the average, for curves that are drawn together.

    The spacing of the densest curve while it is short: then every point counts as one step.
    """
    ends = [x for xs in curves if xs for x in (xs[0], xs[-1])]
    width = max(ends) - min(ends) if ends else 0.0
    most = max((len(xs) for xs in curves), default=0) - 1
    return width / min(max(most, 1), _STEPS_ACROSS) or 1.0
