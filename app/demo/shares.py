"""Arithmetic of shares: splits whole numbers by weight and draws by weight, exactly and repeatably."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, log
from random import Random


def split(total: int, weights: Sequence[float], *, low: int = 0, high: int | None = None) -> list[int]:
    """Whole parts of `total` in proportion to `weights`, each within [low, high]; they add up exactly.

    Largest remainders decide. Raises ValueError when the bounds leave no way.
    """
    top = total if high is None else high
    if not len(weights) * low <= total <= len(weights) * top:
        raise ValueError(f"{total} cannot be split into {len(weights)} parts from {low} to {top}")
    spare = total - low * len(weights)
    exact = [spare * weight / sum(weights) for weight in weights]
    parts = [min(top, low + int(share)) for share in exact]
    order = sorted(range(len(weights)), key=lambda i: (int(exact[i]) - exact[i], i))
    missing = total - sum(parts)
    while missing:
        for i in order:
            if missing and parts[i] < top:
                parts[i] += 1
                missing -= 1
    return parts


def draw(rng: Random, weights: Sequence[float], count: int) -> list[int]:
    """`count` different positions, heavier ones more often; weight 0 only when nothing else is left."""
    # Efraimidis and Spirakis: an exponential waiting time each, those who wait least are drawn.
    waits = [-log(1 - rng.random()) / weight if weight > 0 else inf for weight in weights]
    return sorted(sorted(range(len(weights)), key=lambda i: (waits[i], i))[:count])
