"""FakeDriver: returns planted effects, so that verdicts can be tested in seconds.

It is part of the package: `bench` never uses it, but tests and the calibration do.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp, sqrt

from experiment.design.metrics import (
    CPU_PER_REQUEST,
    GOODPUT,
    LITTLES_GOODPUT,
    NORMALIZED_CPU_PER_REQUEST,
    NORMALIZED_GOODPUT,
    NORMALIZED_LITTLES_GOODPUT,
    RESPONSE_P50,
    YARDSTICK_US,
    Metric,
)
from experiment.design.model import PlannedTrial
from experiment.records.histogram import Histogram
from experiment.records.trial import Measurement, SecondRow, Series, TrialMetrics
from harness.trial.driver import Progress


class Noise(StrEnum):
    """How metrics scatter from trial to trial (log scale)."""

    NORMAL = "normal"
    HEAVY_TAILED = "heavy-tailed"  # Student t with 3 degrees of freedom
    DRIFT = "drift"  # the machine slows down steadily through the campaign
    STEAL = "steal"  # one trial in ten loses a third of its CPU


Planted = dict[Metric, float]
_AT_EQUAL_SPEED = {
    GOODPUT: NORMALIZED_GOODPUT,
    LITTLES_GOODPUT: NORMALIZED_LITTLES_GOODPUT,
    CPU_PER_REQUEST: NORMALIZED_CPU_PER_REQUEST,
}
"""This driver's core is always equally fast, so a normalized metric that is not planted equals the plain one."""


@dataclass(slots=True)
class FakeDriver:
    """Returns planted metrics times noise. The first attempts of `spoiled` (treatment, round) are invalid.

    A trial's noise follows from the seed and its place: after a break a campaign goes on as it would have without.
    """

    planted: Mapping[str, Planted]
    seed: int = 0
    noise: Noise = Noise.NORMAL
    spread: float = 0.05
    scatter: Mapping[tuple[str, Metric], float] = field(default_factory=dict)  # of a treatment's metric, if not spread
    spoiled: frozenset[tuple[str, int]] = frozenset()
    on_trial: Callable[[PlannedTrial], None] | None = None
    measured: list[PlannedTrial] = field(default_factory=list)
    _random: random.Random = field(init=False, default_factory=random.Random)

    def measure(self, planned: PlannedTrial, on_progress: Callable[[Progress], None]) -> Measurement:  # noqa: ARG002 - the protocol's
        """Return the planted effect of the trial's treatment with noise on it."""
        if self.on_trial is not None:
            self.on_trial(planned)
        self.measured.append(planned)
        self._random.seed(f"{self.seed}:{planned.round}:{planned.position}:{planned.attempt}")
        if planned.attempt == 1 and (planned.treatment.id, planned.round) in self.spoiled:
            return Measurement(
                metrics=TrialMetrics(), histograms={}, failure="spoiled on purpose", failure_rule="sut-died"
            )
        name = planned.treatment.id
        values = {
            metric.name: value if metric.is_structural else value * exp(self._draw(self.scatter.get((name, metric))))
            for metric, value in self.planted[name].items()
        }
        for plain, even in _AT_EQUAL_SPEED.items():
            if plain.name in values:
                values.setdefault(even.name, values[plain.name])
        response_us = values.get(RESPONSE_P50.name, 1000.0)
        return Measurement(
            metrics=TrialMetrics(
                answers=100,
                sent=100,
                wrong=0,
                errors=0,
                yardstick_us=YARDSTICK_US,
                **values,  # type: ignore[arg-type]
            ),
            histograms={Series.RESPONSE: Histogram.of_us([response_us] * 100)},
            seconds=(SecondRow(second=0, answers=100),),
        )

    def _draw(self, own: float | None) -> float:
        spread = self.spread if own is None else own
        match self.noise:
            case Noise.NORMAL:
                return self._random.gauss(0, spread)
            case Noise.HEAVY_TAILED:
                chi2 = sum(self._random.gauss(0, 1) ** 2 for _ in range(3))
                return spread * self._random.gauss(0, 1) / sqrt(chi2 / 3)
            case Noise.DRIFT:
                return self._random.gauss(0, spread) - 0.01 * len(self.measured)
            case Noise.STEAL:
                stolen = -0.4 if self._random.random() < 0.1 else 0.0  # noqa: PLR2004 - one in ten
                return self._random.gauss(0, spread) + stolen
