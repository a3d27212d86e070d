"""A made-up campaign, written through the store like a real one. Its figures follow theory; they measure nothing."""

from __future__ import annotations

import random
from dataclasses import asdict, replace
from math import ceil, exp
from typing import TYPE_CHECKING, Any

from analysis.stats.rule import LATEST
from analysis.wording.names import parse_variant
from bench_app.catalogue import CATALOGUE
from experiment.design.claims import CLAIMS, CLAIMS_VERSION
from experiment.design.factor import Limits
from experiment.design.factors import CPU_US, THREAD_TOKENS, WAIT_MS, server
from experiment.design.loads import LOADS, sweep_load
from experiment.design.model import LoadKind, Treatment
from experiment.design.plan import comparisons_of, plan_round, treatments_for, trial_id
from experiment.design.profiles import ARTICLE_CLAIMS
from experiment.design.sweep import users_steps
from experiment.records.histogram import Histogram
from experiment.records.manifest import FORMAT_VERSION, Manifest, read_manifest
from experiment.records.registered import ClaimEntry, TreatmentEntry
from experiment.records.store import CampaignFolder
from experiment.records.trial import SecondRow, Series, TrialMetrics, TrialRecord
from experiment.theory.deadlock import is_stuck
from fake_truths import TRUTHS, Truth

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from experiment.design.model import Claim, Load
    from experiment.design.sweep import Step

ROUNDS = 4
ARTICLE = tuple(CLAIMS[name] for name in ARTICLE_CLAIMS)
HOST = {
    "cpu": "Example(R) Processor 9000 CPU @ 2.80GHz",
    "cores": 2,
    "memory_gib": 7.8,
    "kernel": "6.1.0",
    "os": "Linux",
    "python": "3.11.7",
}
SETTINGS = {
    "sleep_s": 0.1,
    "article_sleep_s": 2.0,
    "upstream_delay_s": 0.1,
    "query_s": 0.05,
    "db_pool_size": 20,
    "thread_tokens": 40,
    "stall_s": 0.4,
    "stall_every_s": 2.0,
}
EXTRA_TREATMENTS = (
    Treatment(variant="sleep.async-to-thread", load="closed-80"),
    Treatment(variant="http.async-offload.session", load="closed-80"),
)
SMALL_POOLS = server(thread_tokens=4, db_pool=6)
SESSION_TREATMENTS = tuple(
    Treatment(variant=f"session.def{tool}", load=f"closed-{users}-together", server=SMALL_POOLS)
    for tool, loads in (("", (6, 9, 10, 12)), (".limited", (9, 10)), (".own-session", (9, 10)))
    for users in loads
)
"""On both sides of the 10 users who can wait for each other."""
TRAFFIC_TREATMENTS = tuple(
    Treatment(variant=variant, load="closed-20")
    for variant in (
        *("background.def", "background.def.sync-task"),
        *("stream.async-native.sync-generator", "stream.async-native.async-generator"),
        *("receive.async-native.below-spool", "receive.async-native.above-spool"),
        *("json.async-native.models", "json.async-native.models-annotated"),
        *("sqlite.def.sqlite3", "sqlite.async-native.aiosqlite"),
        *("file.def.open", "file.async-native.aiofiles"),
    )
)
STALL_TREATMENTS = tuple(Treatment(variant="stall.async-blocking", load=load) for load in ("closed-4", "open-100"))
SWEEP = tuple((variant, rate) for variant in ("sleep.async-native", "sleep.def") for rate in (100.0, 200.0, 400.0))
USERS_SWEEP = users_steps(
    [CATALOGUE[name] for name in ("sleep.async-native", "sleep.def")],
    (1, 2, 5, 10, 20, 40, 80, 200),
    waits_ms=(5, 50, 500),
    settings=SETTINGS,
)
INVALID = {("noop.def@closed-20", 2), ("http.async-native.aiohttp@closed-80", 3)}
"""(treatment, round) whose trial a validity rule threw out."""

MAKESPANS_S = {"article.async-blocking.bad": 20.05, "article.async-native.good": 2.03, "article.def.sync-ok": 2.04}


def manifest(
    treatments: Iterable[Treatment],
    *,
    claims: Iterable[Claim] = ARTICLE,
    skipped: Mapping[str, str] | None = None,
    is_smoke: bool = False,
    name: str = "2026-01-01-made-up",
    sweep: Sequence[tuple[str, float]] = (),
    users_sweep: Sequence[Step] = (),
) -> dict[str, Any]:
    """Return the manifest of a finished campaign."""
    steps = {load.id: load for load in (*(sweep_load(rate) for _, rate in sweep), *(load for _, load in users_sweep))}
    swept = (*sweep_treatments(sweep), *(treatment for treatment, _ in users_sweep))
    return {
        "format_version": FORMAT_VERSION,
        "project": "handlerbench",
        "version": "0.1.0",
        "campaign": name,
        "profile": {
            "name": "smoke" if is_smoke else "article",
            "is_smoke": is_smoke,
            "budget_s": 630.0,
            "max_rounds": 20,
            "time_scale": 1.0,
            "all_rounds": False,
        },
        "command": "bench run --profile article --seed 7",
        "seed": 7,
        "alpha": 0.05,
        "judge": LATEST.name,
        "started_at": "2026-01-01T10:00:00+00:00",
        "finished_at": "2026-01-01T10:10:12+00:00",
        "stopped_because": "all decided",
        "host": HOST,
        "packages": {"fastapi": "0.130.0", "uvicorn": "0.40.0", "locust": "2.43.0"},
        "git": {"commit": "0123456789abcdef", "dirty": False},
        "pinning": {"sut": [0], "others": [1], "enforced": True, "note": ""},
        "settings": SETTINGS,
        "loads": {name: asdict(load) for name, load in {**LOADS, **steps}.items()},
        "claims_version": CLAIMS_VERSION,
        "claims": [ClaimEntry.of(c).model_dump(mode="json") for c in claims],
        "treatments": [TreatmentEntry.of(t).model_dump(mode="json") for t in treatments],
        "sweep": [TreatmentEntry.of(t).model_dump(mode="json") for t in swept],
        "skipped": dict(skipped or {}),
    }


def sweep_treatments(sweep: Iterable[tuple[str, float]]) -> list[Treatment]:
    return [Treatment(variant=variant, load=sweep_load(rate).id) for variant, rate in sweep]


def registered(treatments: Iterable[Treatment], *, claims: Iterable[Claim] = ARTICLE, **changes: Any) -> Manifest:
    """Return that manifest, checked; `changes` replace parts of it, `name` its campaign's name."""
    name = changes.pop("name", "2026-01-01-made-up")
    return read_manifest({**manifest(treatments, claims=claims, name=name), **changes}, name)


def write_campaign(
    path: Path,
    *,
    rounds: int = ROUNDS,
    seed: int = 7,
    treatments: Sequence[Treatment] | None = None,
    claims: Sequence[Claim] = ARTICLE,
    skipped: Mapping[str, str] | None = None,
    invalid: Iterable[tuple[str, int]] = frozenset(INVALID),
    is_smoke: bool = False,
    noise: float = 0.02,
    sweep: Sequence[tuple[str, float]] = (),
    users_sweep: Sequence[Step] = (),
) -> Path:
    """Write a whole campaign and return its folder."""
    planned = treatments if treatments is not None else (*treatments_for(claims), *EXTRA_TREATMENTS)
    planned = tuple(dict.fromkeys([*planned, *sweep_treatments(sweep), *(t for t, _ in users_sweep)]))
    made = manifest(planned, claims=claims, skipped=skipped, is_smoke=is_smoke, sweep=sweep, users_sweep=users_sweep)
    written = read_manifest(made, str(path))
    folder = CampaignFolder.create(path, written)
    world, number, bad = random.Random(seed), 0, set(invalid)
    for round_number in range(1, rounds + 1):
        order = plan_round(planned, seed=seed, round_number=round_number, comparisons=comparisons_of(claims))
        for position, treatment in enumerate(order):
            if treatment.variant in (skipped or {}):
                continue
            number += 1
            rules = ("driver-saturated",) if (treatment.id, round_number) in bad else ()
            trial = _Trial(treatment=treatment, load=written.loads[treatment.load], world=world, noise=noise)
            record = _record(trial, trial_id(number), round_number, position, rules)
            folder.append(record, trial.histograms(), trial.seconds())
    return path


def _record(trial: _Trial, number: str, round_number: int, position: int, rules: tuple[str, ...]) -> TrialRecord:
    return TrialRecord(
        trial_id=number,
        round=round_number,
        position=position,
        attempt=1,
        treatment=trial.treatment.id,
        variant=trial.treatment.variant,
        load=trial.load.id,
        started_at="2026-01-01T10:00:00+00:00",
        duration_s=trial.load.warmup_s + trial.load.window_s + 1.2,
        rules=rules,
        reasons="the driver used 97 % of its core" if rules else "",
        metrics=trial.metrics(),
    )


class _Trial:
    """One made-up trial: its durations are drawn once, and metrics and histograms come from the same ones."""

    def __init__(self, *, treatment: Treatment, load: Load, world: random.Random, noise: float) -> None:
        self.treatment, self.load, self.world = treatment, load, world
        self.jitter = exp(world.gauss(0, noise))
        self.is_burst = load.kind is LoadKind.BURST
        self.truth = self._truth()
        self.by_series = {} if self.is_burst else self._draw()

    def _truth(self) -> Truth:
        if self.is_burst:
            return Truth(rps=10 / MAKESPANS_S[self.treatment.variant], cpu_us=900)
        truth = TRUTHS[self.treatment.variant]
        if {WAIT_MS.name, CPU_US.name} & dict(self.treatment.server.changed).keys():
            return replace(truth, rps=self._swept_rps(truth) * self.jitter)
        limits = self.treatment.server.limits(Limits(cores=1, db_pool=SETTINGS["db_pool_size"]))  # type: ignore[arg-type]
        if is_stuck(parse_variant(self.treatment.variant), self.load.users, limits):
            return replace(truth, rps=0.0)
        if self.load.kind is LoadKind.OPEN:
            return replace(truth, rps=min(truth.rps, self.load.rate_rps) * self.jitter)
        if self.treatment.server[THREAD_TOKENS] == 80:
            return replace(truth, rps=775 * self.jitter)
        slept = self.treatment.variant.startswith("sleep.") and not truth.is_blocked
        rps = min(truth.rps, self.load.users * 9.75) if slept else truth.rps
        return replace(truth, rps=rps * self.jitter, cpu_us=truth.cpu_us * self.jitter)

    def _swept_rps(self, truth: Truth) -> float:
        """Return what theory allows a sleep of the server's wait and CPU, less a little."""
        wait_s = int(self.treatment.server[WAIT_MS] or 100) / 1000
        cpu_s = int(self.treatment.server[CPU_US] or 0) / 1e6
        at_once = min(self.load.users, int(self.treatment.server[THREAD_TOKENS] or 40) if self._is_pooled() else 1000)
        most = TRUTHS["noop.def" if self._is_pooled() else "noop.async-native"].rps
        return 0.97 / max(wait_s / at_once + truth.cpu_us / 1e7, 1 / most + cpu_s)

    def _around(self, middle: float, sigma: float = 0.12) -> float:
        return middle * exp(self.world.gauss(0, sigma))

    def _draw(self) -> dict[Series, Histogram]:
        truth, load, window = self.truth, self.load, self.load.window_s
        if not truth.rps:
            calm = Histogram.of_us(self._around(1500.0) for _ in range(100))
            return {Series.RESPONSE: Histogram.of_us([], [window * 1e6] * load.users), Series.BYSTANDER: calm}
        answers = max(1, round(truth.rps * window))
        response_us = (load.users or 4) / truth.rps * 1e6
        sigma = 0.12 if truth.rps > 100 else 0.04
        if truth.is_blocked:
            response = Histogram.of_us(
                [self._around(min(response_us, window * 0.7e6), 0.02) for _ in range(answers)],
                [window * 1e6] * (load.users - 1),
            )
            bystander = Histogram.of_us([], [window * 1e6 * (1 - k / 150) for k in range(150)])
            lag = Histogram.of_us([1e6 * window], [2e6 * window])
        else:
            response = Histogram.of_us(self._around(response_us, sigma) for _ in range(min(answers, 4000)))
            bystander = Histogram.of_us(self._around(truth.bystander_ms * 1e3, 0.5) for _ in range(200))
            lag = Histogram.of_us(self._around(truth.lag_ms * 300, 0.7) for _ in range(500))
        return {Series.RESPONSE: response, Series.BYSTANDER: bystander, Series.LOOP_LAG: lag}

    def histograms(self) -> dict[Series, Histogram]:
        return self.by_series

    def seconds(self) -> list[SecondRow]:
        if self.is_burst:
            return []
        return [
            SecondRow(
                second=second,
                answers=round(self.truth.rps),
                wrong=0,
                errors=0,
                bystander_max_us=None if self.truth.is_blocked else self._around(3000),
                tokens_borrowed_max=self._tokens(),
                tokens_waiting_max=self._waiting(),
                loop_lag_max_us=self._lag_us(second),
            )
            for second in range(ceil(self.load.window_s))
        ]

    def _lag_us(self, second: int) -> float:
        """Return the longest lag of a second; a blocked loop stands still up to the end of the window."""
        if self.truth.is_blocked:
            return self._around(min(second + 1, self.load.window_s) * 1e6, 0.02)
        return self._around(self.truth.lag_ms * 1e3, 0.2)

    def metrics(self) -> TrialMetrics:
        if self.is_burst:
            return TrialMetrics(
                window_s=30.0,
                sent=10,
                answers=10,
                makespan_s=MAKESPANS_S[self.treatment.variant] * self.jitter**0.2,
                sut_cpu_us_per_request=900.0,
            )
        truth = self.truth
        quantiles: dict[str, Any] = {}
        for series in (Series.RESPONSE, Series.BYSTANDER):
            for percent in (50, 99):
                found = self.by_series[series].quantile(percent / 100)
                quantiles[f"{series.value}_p{percent}_us"] = found.value_us if found else None
                quantiles[f"{series.value}_p{percent}_is_floor"] = found.is_floor if found else None
        return TrialMetrics(
            window_s=self.load.window_s,
            answers=round(truth.rps * self.load.window_s),
            wrong=0,
            errors=0,
            goodput_rps=truth.rps,
            goodput_littles_rps=truth.rps if self.load.kind is LoadKind.CLOSED else None,
            bystander_within_1s_share=0.02 if truth.is_blocked else 1.0,
            loop_stall_per_answer_waits=0.98 * self.jitter if truth.is_blocked else None,
            loop_stall_longest_waits=self.load.users * 0.98 * self.jitter if truth.is_blocked else None,
            **quantiles,
            loop_lag_p99_us=3.1e6 * self.jitter if truth.is_blocked else truth.lag_ms * 1e3 * self.jitter,
            loop_lag_p99_is_floor=truth.is_blocked,
            tokens_peak=self._tokens(),
            tokens_total=40,
            share_on_loop=0.0 if self._is_pooled() else 1.0,
            share_off_loop=1.0 if self._is_pooled() else 0.0,
            in_flight_peak=1 if truth.is_blocked else min(self.load.users, 40 if self._is_pooled() else 80),
            sut_cpu_us_per_request=truth.cpu_us,
            sut_cpu_share=0.9,
            yardstick_us=80.0,
            goodput_normalized_rps=truth.rps * 0.8,
            sut_cpu_normalized_us_per_request=truth.cpu_us / 0.8,
        )

    def _is_pooled(self) -> bool:
        return self.treatment.variant.split(".")[1] in {"def", "async-offload"}

    def _waiting(self) -> int:
        """Return how many wait for a thread: half of those without one with a query, that two lines lie apart."""
        waiting = max(0, self.load.users - 40) if self._is_pooled() else 0
        return waiting // 2 if self.treatment.variant.startswith("db.") else waiting

    def _tokens(self) -> int:
        return min(40, self.load.users) if self._is_pooled() else 0
