"""Campaigns measured by FakeDriver: the real loop, the real store, planted figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from analysis.stats.rule import RULES
from experiment.design.claims import A_A, CLAIMS
from experiment.design.loads import LOADS
from experiment.design.metrics import BYSTANDER_P50, CPU_PER_REQUEST, GOODPUT, MAKESPAN, RESPONSE_P99
from experiment.design.plan import treatments_for
from experiment.records.store import CampaignFolder
from fake_campaigns import manifest, registered
from harness.campaign.campaign import Campaign
from harness.campaign.fake import FakeDriver, Planted
from harness.campaign.run import CampaignOutcome, always_of
from harness.campaign.schedule import Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from experiment.design.model import Claim, PlannedTrial
    from experiment.records.manifest import Manifest
    from harness.campaign.events import Listener

ASKED = (CLAIMS["A1"], CLAIMS["A8"], CLAIMS["A9"])
NATIVE, POOLED, BLOCKING = (f"sleep.{style}@closed-80" for style in ("async-native", "def", "async-blocking"))
BAD, GOOD, SYNC = (f"article.{v}@burst-10" for v in ("async-blocking.bad", "async-native.good", "def.sync-ok"))

SLOWER = {NATIVE: 0.8, GOOD: 1.25}
"""A planted change: two treatments, worse by a quarter."""

ALL_ROUNDS = {**manifest([])["profile"], "all_rounds": True}
"""The profile, in a manifest, of a campaign that went on measuring what was decided."""


def suite_of(page: str) -> ET.Element:
    """Return the one test suite of a JUnit page."""
    return ET.fromstring(page)[0]  # noqa: S314 - our own page


def planted(factors: Mapping[str, float] | None = None) -> dict[str, Planted]:
    """Return what each treatment does; `factors` multiply a treatment's own metric."""
    by = factors or {}
    goodput = {NATIVE: 780.0, POOLED: 395.0, BLOCKING: 9.9} | {t.id: 4000.0 for t in A_A.treatments}
    makespan = {BAD: 20.0, GOOD: 2.03, SYNC: 2.04}
    closed: dict[str, Planted] = {
        name: {GOODPUT: rps * by.get(name, 1.0), RESPONSE_P99: 8e7 / rps, BYSTANDER_P50: 1500.0, CPU_PER_REQUEST: 300.0}
        for name, rps in goodput.items()
    }
    return closed | {name: {MAKESPAN: s * by.get(name, 1.0)} for name, s in makespan.items()}


def measured(
    path: Path,
    *,
    factors: Mapping[str, float] | None = None,
    claims: Sequence[Claim] = ASKED,
    rounds: int = 8,
    seed: int = 1,
    spread: float = 0.01,
    spoiled: Sequence[str] = (),
    **changes: Any,
) -> Path:
    """Measure a campaign of exactly `rounds` rounds; `changes` replace parts of its manifest."""
    folder = CampaignFolder.create(path, registered(treatments_for(claims), claims=claims, name=path.name, **changes))
    driver = _driver(factors, seed, spread, spoiled, rounds)
    campaign = Campaign(
        folder=folder,
        driver=driver,
        claims=claims,
        loads=LOADS,
        skipped={},
        always=treatments_for(claims),
        rules=Rules(seed=seed, alpha=0.05, budget_s=1e9, max_rounds=rounds),
    )
    campaign.run()
    return path


def runner(
    factors: Mapping[str, float] | None = None,
    *,
    seed: int = 9,
    spread: float = 0.01,
    on_trial: Callable[[PlannedTrial], None] | None = None,
    driver: FakeDriver | None = None,
) -> Callable[[Path, Manifest, Listener], CampaignOutcome]:
    """Return what runs a manifest as the real harness does, with FakeDriver in the rig's place."""

    def run(path: Path, told: Manifest, listener: Listener) -> CampaignOutcome:
        chosen = driver or _driver(factors, seed, spread)
        chosen.on_trial = on_trial
        return _go_on(CampaignFolder.create(path, told), chosen, listener)

    return run


def resumer(
    factors: Mapping[str, float] | None = None, *, seed: int = 9, spread: float = 0.01
) -> Callable[[Path, Listener], CampaignOutcome]:
    """Return what goes on with a campaign as the real harness does, with FakeDriver in the rig's place."""

    def resume(path: Path, listener: Listener) -> CampaignOutcome:
        return _go_on(CampaignFolder.open(path), _driver(factors, seed, spread), listener)

    return resume


def _go_on(folder: CampaignFolder, driver: FakeDriver, listener: Listener) -> CampaignOutcome:
    told = folder.manifest()
    claims = told.asked()
    assert told.profile is not None
    assert told.seed is not None
    campaign = Campaign(
        folder=folder,
        driver=driver,
        claims=claims,
        loads=told.loads,
        skipped=told.skipped,
        always=always_of(told, claims),
        rules=Rules(
            seed=told.seed,
            alpha=told.alpha,
            budget_s=told.profile.budget_s,
            max_rounds=told.profile.max_rounds,
            judge=RULES[told.judge],
        ),
        listener=listener,
    )
    results, stopped = campaign.run()
    return CampaignOutcome(folder=folder, results=results, stopped_because=stopped)


class _AlwaysSpoiling(FakeDriver):
    """Spoils repeats as well."""

    def measure(self, planned: Any, on_progress: Any) -> Any:
        from dataclasses import replace

        return super().measure(replace(planned, attempt=1), on_progress)


def _driver(
    factors: Mapping[str, float] | None, seed: int, spread: float, spoiled: Sequence[str] = (), rounds: int = 0
) -> FakeDriver:
    bad = frozenset((name, number) for name in spoiled for number in range(1, rounds + 1))
    return _AlwaysSpoiling(planted=planted(factors), seed=seed, spread=spread, spoiled=bad)
