"""False verdicts on the noise of real campaigns: each comparison's own residuals, drawn again, on its own limits.

A comparison has only some ten residuals, and they are clumped: three rounds that happen to agree look like a small
scatter. Both ways of drawing keep that. `pooled` draws every pair, with replacement, from all campaigns' residuals.
`one campaign` draws a campaign first and then all pairs from that one's few: the same residual three times in a row is
no rarity there. The truth is placed on each limit that the claim has, and both verdicts count as false.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isinf, log

import numpy as np

from analysis.stats.rule import LATEST, Prior
from benchmarks.looks import first_verdicts
from benchmarks.noise import Floats
from benchmarks.residuals import Key, judged, residuals, scatter
from experiment.design.claims import A_A
from experiment.design.model import Comparison

SPREADS_TRIED = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)  # as multiples of the pooled standard deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class RealNoise:
    """The worst share of false verdicts on one comparison's own noise, whichever way it is drawn."""

    claim: str
    treatment: str
    baseline: str
    metric: str
    campaigns: int
    pairs: int
    spread: float  # pooled standard deviation of its log ratios
    registered: float  # scatter; 0 without one
    worst: float  # with the prior that the judge uses
    worst_unregistered: float  # with the same prior as a comparison that registered none
    worst_wide_unregistered: float  # with the wider prior that belongs to a registered scatter, but none
    enough: float | None  # the smallest scatter tried that keeps the rate, were it registered

    def keeps(self, alpha: float) -> bool:
        return self.worst <= alpha

    @property
    def name(self) -> str:
        return f"{self.claim} {self.treatment} / {self.baseline or '–'}, {self.metric}"


def real_noises(
    known: dict[Key, list[list[float]]], *, campaigns: int, rounds: int, alpha: float, seed: int
) -> list[RealNoise]:
    """Simulate every comparison that today's claims judge and that earlier campaigns measured."""
    return [
        _real_noise(name, comparison, _Draws.of(known[key], campaigns, rounds, seed), alpha)
        for key, (name, comparison) in judged().items()
        if key in known
    ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Draws:
    """Log ratios without an effect, each of shape (campaigns, rounds), and what they were drawn from."""

    sets: Sequence[Sequence[float]]
    pooled: Floats
    one_campaign: Floats

    @classmethod
    def of(cls, sets: Sequence[Sequence[float]], campaigns: int, rounds: int, seed: int) -> "_Draws":
        rng = np.random.default_rng(seed)
        shape = (campaigns, rounds)
        own = [residuals(logs) for logs in sets]
        sizes = np.array([len(logs) for logs in own])
        padded = np.array([np.resize(logs, sizes.max()) for logs in own])  # what fills it up is never drawn
        chosen = rng.integers(len(own), size=(campaigns, 1))
        one_campaign = padded[chosen, (rng.random(shape) * sizes[chosen]).astype(int)]
        return cls(sets=sets, pooled=rng.choice(np.concatenate(own), shape), one_campaign=one_campaign)


def _real_noise(claim: str, comparison: Comparison, draws: _Draws, alpha: float) -> RealNoise:
    found = scatter(draws.sets)
    worst = _worst(comparison, draws, alpha, LATEST.prior(comparison.scatter))
    tried = (k * found.spread for k in SPREADS_TRIED)
    enough = (f for f in tried if _worst(comparison, draws, alpha, LATEST.prior(f)) <= alpha)
    return RealNoise(
        claim=claim,
        treatment=comparison.treatment.id,
        baseline=comparison.baseline.id if comparison.baseline else "",
        metric=comparison.metric.name,
        campaigns=found.campaigns,
        pairs=found.pairs,
        spread=found.spread,
        registered=comparison.scatter,
        worst=worst,
        worst_unregistered=_worst(comparison, draws, alpha, LATEST.prior(0.0)),
        worst_wide_unregistered=_worst(comparison, draws, alpha, replace(LATEST.prior(1.0), degrees=0.0)),
        enough=next(enough, None),
    )


def _worst(comparison: Comparison, draws: _Draws, alpha: float, prior: Prior) -> float:
    """Return the largest share of campaigns with a false verdict: over limits, verdicts and ways of drawing."""
    expected, rule = comparison.expected, LATEST.two_sided if comparison == A_A else LATEST
    limits = [log(end) for end in (expected.low, expected.high) if end > 0 and not isinf(end)]
    return max(
        float(verdict[:, -1].mean())
        for limit in limits
        for noise in (draws.pooled, draws.one_campaign)
        for verdict in first_verdicts(limit + noise, expected, alpha, prior, rule)
    )
