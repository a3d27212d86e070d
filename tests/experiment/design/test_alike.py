"""Comparisons that are declared alike, held against what the reference campaign measured."""

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

import pytest

from experiment.design.claims import A_A, CLAIMS
from experiment.design.model import Comparison
from experiment.records.store import CampaignFolder

REFERENCE = CampaignFolder(Path(__file__).resolve().parents[3] / "results" / "reference")
BUSY, WIDEST_GAP = 0.9, 0.15  # of a core; docs/methodology.md has both

ALIKE = [c for claim in CLAIMS.values() for c in claim.comparisons if c.is_alike]
MEASURED = {t.treatment for t in REFERENCE.trials() if t.is_valid}
IN_REFERENCE = [c for c in ALIKE if {t.id for t in c.treatments} <= MEASURED]


def _core_shares(comparison: Comparison) -> Iterator[float]:
    for treatment in comparison.treatments:
        trials = [t for t in REFERENCE.trials() if t.is_valid and t.treatment == treatment.id]
        yield fmean(t.metrics.sut_cpu_share for t in trials if t.metrics.sut_cpu_share is not None)


@pytest.mark.parametrize("comparison", [A_A, *IN_REFERENCE], ids=lambda c: c.treatment.id)
def test_the_sides_loaded_the_core_alike_in_the_reference(comparison: Comparison) -> None:
    shares = list(_core_shares(comparison))
    assert min(shares) > BUSY or max(shares) - min(shares) <= WIDEST_GAP


def test_what_is_alike_is_judged_at_equal_core_speed() -> None:
    assert IN_REFERENCE
    assert all(c.metric.is_at_equal_speed for c in ALIKE)
