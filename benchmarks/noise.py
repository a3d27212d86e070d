"""Thousands of simulated pairs of trials at once: how log ratios scatter from round to round, as arrays.

The models are those of harness.fake.Noise, with FakeDriver's figures, and three more. Drift in FakeDriver falls on
every single trial, while the machine of a real campaign also slows down for a whole round. Steal may hit only one of a
pair. And rounds may resemble their predecessors, which no interval for independent rounds allows for.
"""

from enum import StrEnum
from math import sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TRIALS_A_ROUND = 4  # a pair that is compared and the A/A pair: how far apart in time the two of a pair can lie
_DRIFT_A_TRIAL, _DRIFT_A_ROUND = 0.01, 0.04
_STOLEN, _STEAL_CHANCE = 0.4, 0.1
_DEGREES = 3
_CARRIED = 0.5


class Model(StrEnum):
    """How trials scatter (log scale)."""

    NORMAL = "normal"
    HEAVY_TAILED = "heavy-tailed"  # Student t with 3 degrees of freedom
    DRIFT = "drift"  # 1 % slower with every trial; the order within a round is random
    COMMON_DRIFT = "drift by round"  # 4 % slower with every round, for both of a pair
    STEAL = "steal"  # one trial in ten loses a third of its CPU
    UNEVEN_STEAL = "one-sided steal"  # the same, but only one of the pair is ever hit: no model in FakeDriver
    SLUGGISH = "rounds alike"  # what a pair's noise was, half of it is again in the next round (correlation 0.5)


def log_ratios(model: Model, rng: np.random.Generator, *, campaigns: int, rounds: int, spread: float) -> Floats:
    """Return ln(treatment / baseline) without any effect, shape (campaigns, rounds); `spread` is that of one trial."""
    shape = (campaigns, rounds)
    treatment, baseline = _trials(model, rng, shape, spread), _trials(model, rng, shape, spread)
    match model:
        case Model.DRIFT:
            treatment -= _DRIFT_A_TRIAL * _trials_between(rng, shape)
        case Model.COMMON_DRIFT:
            slower = _DRIFT_A_ROUND * np.arange(rounds)
            treatment, baseline = treatment - slower, baseline - slower
        case Model.STEAL:
            treatment, baseline = treatment - _stolen(rng, shape), baseline - _stolen(rng, shape)
        case Model.UNEVEN_STEAL:
            treatment -= _stolen(rng, shape)
        case _:
            pass
    return _sluggish(treatment - baseline) if model is Model.SLUGGISH else treatment - baseline


def _trials(model: Model, rng: np.random.Generator, shape: tuple[int, int], spread: float) -> Floats:
    """Return the noise of one treatment's trials by themselves."""
    if model is Model.HEAVY_TAILED:
        return spread * rng.standard_t(_DEGREES, shape)
    return rng.normal(0, spread, shape)


def _sluggish(fresh: Floats) -> Floats:
    """Return an autoregressive series of the same spread as its independent steps."""
    out = fresh.copy()
    for k in range(1, fresh.shape[1]):
        out[:, k] = _CARRIED * out[:, k - 1] + sqrt(1 - _CARRIED**2) * fresh[:, k]
    return out


def _stolen(rng: np.random.Generator, shape: tuple[int, int]) -> Floats:
    return np.where(rng.random(shape) < _STEAL_CHANCE, _STOLEN, 0.0)


def _trials_between(rng: np.random.Generator, shape: tuple[int, int]) -> NDArray[np.int64]:
    """Return how many trials the treatment ran after the baseline (negative: before it), in a shuffled round."""
    baseline = rng.integers(0, TRIALS_A_ROUND, shape)
    offset = rng.integers(1, TRIALS_A_ROUND, shape)
    return (baseline + offset) % TRIALS_A_ROUND - baseline
