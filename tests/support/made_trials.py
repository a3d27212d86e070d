"""Small makers of trials, claims and treatments for tests."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from experiment.design.metrics import GOODPUT, Metric
from experiment.design.model import Claim, Comparison, Interval, Treatment
from experiment.records.trial import TrialMetrics, TrialRecord

FAST = Treatment(variant="sleep.async-native", load="closed-20")
SLOW = Treatment(variant="sleep.def", load="closed-20")


def trial(treatment: Treatment, round_number: int, *, rules: tuple[str, ...] = (), **metrics: Any) -> TrialRecord:
    """Return a finished trial with these metrics."""
    return TrialRecord(
        trial_id=f"t{crc32(f'{treatment.id} {round_number}'.encode()) % 10_000:04d}",
        round=round_number,
        position=0,
        attempt=1,
        treatment=treatment.id,
        variant=treatment.variant,
        load=treatment.load,
        started_at="2026-01-01T00:00:00+00:00",
        duration_s=5.0,
        rules=rules,
        reasons="",
        metrics=TrialMetrics(**metrics),
    )


def comparison(expected: Interval, metric: Metric = GOODPUT) -> Comparison:
    """Compare FAST with SLOW."""
    return Comparison(treatment=FAST, baseline=SLOW, metric=metric, expected=expected)


def claim(*comparisons: Comparison, id: str = "X1") -> Claim:  # noqa: A002 - a claim's own word
    """Return a claim that rests on these comparisons."""
    return Claim(id=id, slug=f"slug-{id}", statement="a statement", source="a test", comparisons=comparisons)


def ratio_trials(ratios: list[float], base: float = 100.0) -> list[TrialRecord]:
    """Return paired trials, one pair a round, with these goodput ratios FAST / SLOW."""
    out = []
    for number, ratio in enumerate(ratios, start=1):
        out += [trial(FAST, number, goodput_rps=base * ratio), trial(SLOW, number, goodput_rps=base)]
    return out
