"""A made-up campaign of any number of requests, written through the store, to measure what reading one costs.

Its figures are plausible and measure nothing. What matters is what a real folder has: thirty treatments over five
rounds, five series a trial, and durations spread widely enough to fill thousands of buckets.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiment.design.claims import CLAIMS
from experiment.design.loads import LOADS
from experiment.design.model import Load, LoadKind, PlannedTrial, Treatment
from experiment.design.plan import comparisons_of, plan_round, treatments_for, trial_id
from experiment.records.histogram import Histogram, bucket_index
from experiment.records.manifest import FORMAT_VERSION, read_manifest
from experiment.records.registered import ClaimEntry, TreatmentEntry
from experiment.records.store import CampaignFolder
from experiment.records.trial import SecondRow, Series, TrialMetrics, TrialRecord
from harness.system.host import facts, package_versions

ROUNDS = 5
_SEED = 7
_BYSTANDER_CALLS, _LOOP_TICKS = 150, 300
_SIGMA = 0.6  # of ln(response time): p99 is four times the median, as under contention
_WHEN = "2026-01-01T10:00:00+00:00"
_SETTINGS = {
    "sleep_s": 0.1,
    "article_sleep_s": 2.0,
    "upstream_delay_s": 0.1,
    "query_s": 0.05,
    "db_pool_size": 20,
    "thread_tokens": 40,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignSize:
    """How much was written."""

    treatments: int
    trials: int
    requests: int


def write(path: Path, *, requests: int) -> CampaignSize:
    """Write a campaign folder that holds `requests` response times in all."""
    treatments = treatments_for(CLAIMS.values())
    folder = CampaignFolder.create(path, read_manifest(_manifest(treatments), str(path)))
    rng = np.random.default_rng(_SEED)
    plan = _plan(treatments)
    shares = _shares(requests, len(plan))
    for planned, share in zip(plan, shares, strict=True):
        _append(folder, planned, share, rng)
    return CampaignSize(treatments=len(treatments), trials=len(plan), requests=sum(shares))


def _plan(treatments: tuple[Treatment, ...]) -> list[PlannedTrial]:
    links, plan = comparisons_of(CLAIMS.values()), list[PlannedTrial]()
    for number in range(1, ROUNDS + 1):
        order = plan_round(treatments, seed=_SEED, round_number=number, comparisons=links)
        plan += [
            PlannedTrial(trial_id=trial_id(len(plan) + k + 1), round=number, position=k, attempt=1, treatment=treatment)
            for k, treatment in enumerate(order)
        ]
    return plan


def _shares(requests: int, trials: int) -> list[int]:
    whole, rest = divmod(requests, trials)
    return [whole + (number < rest) for number in range(trials)]


def _append(folder: CampaignFolder, planned: PlannedTrial, requests: int, rng: np.random.Generator) -> None:
    treatment, load = planned.treatment, LOADS[planned.treatment.load]
    histograms = _histograms(load, requests, rng)
    seconds = [
        SecondRow(second=s, answers=requests // 3, wrong=0, errors=0, bystander_max_us=4e3, loop_lag_max_us=2e3)
        for s in range(max(1, int(load.window_s)))
    ]
    record = TrialRecord(
        trial_id=planned.trial_id,
        round=planned.round,
        position=planned.position,
        attempt=planned.attempt,
        treatment=treatment.id,
        variant=treatment.variant,
        load=treatment.load,
        started_at=_WHEN,
        duration_s=load.warmup_s + load.window_s,
        rules=(),
        reasons="",
        metrics=_metrics(load, requests, histograms, rng),
    )
    folder.append(record, histograms, [] if load.kind is LoadKind.BURST else seconds)


def _histograms(load: Load, requests: int, rng: np.random.Generator) -> Mapping[Series, Histogram]:
    response = _drawn(rng, load.users * 1e3, requests)
    return {
        Series.RESPONSE: response,
        Series.SERVICE: response,
        Series.SEND_LAG: _drawn(rng, 40.0, requests),
        Series.BYSTANDER: _drawn(rng, 1500.0, _BYSTANDER_CALLS),
        Series.LOOP_LAG: _drawn(rng, 500.0, _LOOP_TICKS),
    }


def _drawn(rng: np.random.Generator, median_us: float, count: int) -> Histogram:
    whole = (median_us * np.exp(rng.normal(0, _SIGMA, count))).astype(np.int64)
    values, counts = np.unique(whole, return_counts=True)
    buckets: Counter[int] = Counter()
    for value, n in zip(values.tolist(), counts.tolist(), strict=True):
        buckets[bucket_index(value)] += n
    return Histogram(buckets)


def _metrics(
    load: Load, requests: int, histograms: Mapping[Series, Histogram], rng: np.random.Generator
) -> TrialMetrics:
    noise = float(np.exp(rng.normal(0, 0.05)))
    if load.kind is LoadKind.BURST:
        return TrialMetrics(window_s=load.window_s, answers=requests, makespan_s=2.0 * noise)
    quantiles: dict[str, Any] = {}
    for series in (Series.RESPONSE, Series.BYSTANDER):
        for percent in (50, 99):
            found = histograms[series].quantile(percent / 100)
            quantiles[f"{series.value}_p{percent}_us"] = found.value_us if found else None
            quantiles[f"{series.value}_p{percent}_is_floor"] = found.is_floor if found else None
    return TrialMetrics(
        window_s=load.window_s,
        sent=requests,
        answers=requests,
        wrong=0,
        errors=0,
        goodput_rps=requests / load.window_s * noise,
        **quantiles,
        loop_lag_p99_us=2000.0 * noise,
        loop_lag_p99_is_floor=False,
        tokens_total=40,
        tokens_peak=20,
        share_on_loop=0.5,
        share_off_loop=0.5,
        in_flight_peak=load.users,
        sut_cpu_us_per_request=300.0 * noise,
        sut_cpu_share=0.9,
    )


def _manifest(treatments: tuple[Treatment, ...]) -> dict[str, Any]:
    return {
        "format_version": FORMAT_VERSION,
        "project": "handlerbench",
        "campaign": "made-up",
        "profile": {"name": "article", "is_smoke": False, "budget_s": 630.0, "max_rounds": ROUNDS, "time_scale": 1.0},
        "command": "make bench-analysis",
        "seed": _SEED,
        "alpha": 0.05,
        "started_at": _WHEN,
        "finished_at": _WHEN,
        "stopped_because": "rounds",
        "host": facts().model_dump(mode="json"),
        "packages": package_versions(),
        "git": {"commit": None, "dirty": None},
        "pinning": {"sut": [0], "others": [1], "enforced": True, "note": ""},
        "settings": _SETTINGS,
        "loads": {name: asdict(load) for name, load in LOADS.items()},
        "claims": [ClaimEntry.of(c).model_dump(mode="json") for c in CLAIMS.values()],
        "treatments": [TreatmentEntry.of(t).model_dump(mode="json") for t in treatments],
        "skipped": {},
    }
