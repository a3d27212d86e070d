"""Whole campaigns with FakeDriver: the loop, the store, the validity rules and the judge, on planted effects.

Each campaign asks four claims whose right answers are known. Two sit on the limit, a hair on its wrong and on its right
side, where a false verdict is likeliest; two are planted far from it and ought to be found.
"""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count as count_up
from pathlib import Path
from unittest import mock

from analysis.stats.results import Verdict
from experiment.design.claims import A_A
from experiment.design.loads import LOADS
from experiment.design.metrics import GOODPUT
from experiment.design.model import Claim, Comparison, Interval, Treatment, at_least
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder
from harness.campaign.campaign import Campaign
from harness.campaign.fake import FakeDriver, Noise
from harness.campaign.schedule import Rules

LIMIT = 1.1
LARGE = 3.0
_A_HAIR = 1e-6
_BASE = Treatment(variant="sleep.def", load="closed-80")
_BASE_RPS = 400.0

_TREATED: Mapping[str, tuple[Treatment, float]] = {
    "below": (Treatment(variant="sleep.async-native", load="closed-80"), LIMIT * (1 - _A_HAIR)),
    "above": (Treatment(variant="sleep.async-offload", load="closed-80"), LIMIT * (1 + _A_HAIR)),
    "large": (Treatment(variant="sleep.async-to-thread", load="closed-80"), LARGE),
}


def _claim(name: str, treated: str, expected: Interval) -> Claim:
    comparison = Comparison(treatment=_TREATED[treated][0], baseline=_BASE, metric=GOODPUT, expected=expected)
    return Claim(id=name, slug=name, statement=name, source="planted", comparisons=(comparison,))


CLAIMS: Mapping[str, tuple[Claim, Verdict]] = {
    "below": (_claim("BELOW", "below", at_least(LIMIT)), Verdict.REFUTED),
    "above": (_claim("ABOVE", "above", at_least(LIMIT)), Verdict.SUPPORTED),
    "found": (_claim("FOUND", "large", at_least(1.5)), Verdict.SUPPORTED),
    "caught": (_claim("CAUGHT", "large", Interval(0.9, LIMIT)), Verdict.REFUTED),
}
"""Each claim with the verdict that is right; its opposite is false, and no verdict is no error."""

AT_THE_LIMIT, PLANTED = ("below", "above"), ("found", "caught")


def verdicts(noise: Noise, *, seed: int, spread: float, rounds: int, alpha: float) -> dict[str, Verdict]:
    """Run one campaign in a folder that is gone afterwards; return the verdict on each claim, by name."""
    planted = {t.id: {GOODPUT: _BASE_RPS * ratio} for t, ratio in _TREATED.values()}
    planted |= {t.id: {GOODPUT: _BASE_RPS} for t in (_BASE, *A_A.treatments)}
    driver = FakeDriver(planted=planted, spread=spread, noise=noise, seed=seed)
    with tempfile.TemporaryDirectory(prefix="calibration-") as folder:
        campaign = Campaign(
            folder=CampaignFolder.create(Path(folder) / "campaign", Manifest(campaign="planted")),
            driver=driver,
            claims=[claim for claim, _ in CLAIMS.values()],
            loads=LOADS,
            skipped={},
            rules=Rules(seed=seed, alpha=alpha, budget_s=1e9, max_rounds=rounds),
            clock=count_up().__next__,  # each look a second: what comes next must not depend on this machine
        )
        results, _ = campaign.run()
    return dict(zip(CLAIMS, (r.verdict for r in results), strict=True))


def count(noise: Noise, *, campaigns: int, spread: float, rounds: int, alpha: float) -> Counter[tuple[str, bool]]:
    """Run many campaigns; count decided claims by name and by whether the verdict was right."""
    tally: Counter[tuple[str, bool]] = Counter()
    with unsynced():
        for seed in range(campaigns):
            found = verdicts(noise, seed=seed, spread=spread, rounds=rounds, alpha=alpha)
            tally.update((name, v is CLAIMS[name][1]) for name, v in found.items() if v.is_decided)
    return tally


@contextmanager
def unsynced() -> Iterator[None]:
    """Write without syncing to disk: the folders are thrown away, and a disk's pace would decide how long it takes."""
    with mock.patch.object(os, "fsync"):
        yield
