"""A made-up campaign over somebody's own app, written through the public writers. Its figures measure nothing."""

from __future__ import annotations

import random
from dataclasses import asdict
from math import exp
from typing import TYPE_CHECKING, Any

from experiment.design.loads import LOADS
from experiment.design.metrics import GOODPUT
from experiment.records.app_record import (
    AppRecord,
    BlockingLine,
    PilotEntry,
    Prediction,
    VersionEntry,
    append_blocking,
    create_blocking,
    write_app_record,
)
from experiment.records.histogram import Histogram
from experiment.records.manifest import Manifest, read_manifest
from experiment.records.registered import ClaimEntry, TreatmentEntry
from experiment.records.store import CampaignFolder
from experiment.records.trial import Series, TrialMetrics, TrialRecord
from fake_app_world import ALONE, BUSY, FINDINGS, REFUSALS, REQUESTS, TROUBLES, WORLD, Truth, treatment, usual_claims
from fake_campaigns import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from experiment.design.model import Claim, Treatment
    from experiment.records.app_record import ClaimNote

ROUNDS = 5


def write_app_campaign(
    path: Path,
    *,
    world: Mapping[str, Truth] = WORLD,
    claims: Sequence[tuple[Claim, ClaimNote]] | None = None,
    rounds: int = ROUNDS,
    seed: int = 3,
    **record: Any,
) -> Path:
    """Write a whole campaign and return its folder; `record` replaces parts of app.json."""
    asked = usual_claims() if claims is None else claims
    folder = CampaignFolder.create(path, _manifest(path.name, [stated for stated, _ in asked], world))
    write_app_record(path, _record([note for _, note in asked], record))
    create_blocking(path)
    noise, number = random.Random(seed), 0
    for place in range(1, rounds + 1):
        for position, name in enumerate(world):
            number += 1
            trial, drawn = _measured(name, world[name], f"t{number:04d}", (place, position), noise)
            folder.append(trial, drawn, [])
            append_blocking(path, _lost(trial, world[name]))
    return path


def _manifest(name: str, claims: Sequence[Claim], world: Mapping[str, Truth]) -> Manifest:
    compared = {t.id: t for stated in claims for t in stated.treatments}
    planned = {**{name: _treatment_of(name) for name in world}, **compared}
    data = {
        "format_version": 2,
        "campaign": name,
        "command": "bench app run",
        "started_at": "2026-01-01T10:00:00+00:00",
        "finished_at": "2026-01-01T10:10:12+00:00",
        "host": HOST,
        "loads": {name: asdict(LOADS[name]) for name in (ALONE, BUSY)},
        "claims": [ClaimEntry.of(stated).model_dump(mode="json") for stated in claims],
        "treatments": [TreatmentEntry.of(each).model_dump(mode="json") for each in planned.values()],
    }
    return read_manifest(data, name)


def _treatment_of(name: str) -> Treatment:
    request, _, rest = name.partition("@")
    load, _, change = rest.partition("+")
    factor, _, value = change.partition("-")
    return treatment(request, load, **({factor: value} if change else {}))


def _record(notes: Sequence[ClaimNote], changes: Mapping[str, Any]) -> AppRecord:
    given: dict[str, Any] = {
        "versions": (
            VersionEntry(
                name="",
                target="shop.main:app",
                directory="shop",
                prefix="examples/",
                commit="0123456789abcdef",
                packages={"python": "3.11.7", "fastapi": "0.128.8", "uvicorn": "0.40.0"},
            ),
        ),
        "requests": REQUESTS,
        "pilots": tuple(PilotEntry(request=r.id, answers=40, service_us=2100.0, cpu_us=900.0) for r in REQUESTS),
        "claims": tuple(notes),
        "predictions": (
            Prediction(treatment=f"search@{BUSY}", metric=GOODPUT.name, value=19, decided_by="1/(S+c)"),
            Prediction(treatment=f"quote@{BUSY}", metric=GOODPUT.name, value=47, decided_by="1/(S+c)"),
            Prediction(treatment=f"items@{BUSY}", metric=GOODPUT.name, value=850, decided_by="1/c"),
            Prediction(
                treatment=f"search@{BUSY}+style-def",
                baseline=f"search@{BUSY}",
                metric=GOODPUT.name,
                value=145,
                ratio=7.6,
                decided_by="N/S",
            ),
            Prediction(
                treatment=f"quote@{BUSY}+style-def",
                baseline=f"quote@{BUSY}",
                metric=GOODPUT.name,
                value=420,
                ratio=8.9,
                decided_by="N/S",
            ),
        ),
        "refusals": REFUSALS,
        "findings": FINDINGS,
        "troubles": TROUBLES,
        "notes": ("Answers to GET /shipping/quote vary, so any body counts as right.",),
    }
    return AppRecord(**{**given, **changes})


def _measured(
    name: str, truth: Truth, trial: str, place: tuple[int, int], noise: random.Random
) -> tuple[TrialRecord, dict[Series, Histogram]]:
    load = LOADS[name.partition("@")[2].partition("+")[0]]
    factor = exp(noise.gauss(0, 0.02))
    answers = round(truth.rps * factor * load.window_s)
    drawn = {
        series: Histogram.of_us([ms * 1e3 * exp(noise.gauss(0, 0.1)) for _ in range(count)])
        for series, ms, count in (
            (Series.RESPONSE, truth.ms, max(answers, 2)),
            (Series.BYSTANDER, truth.bystander_ms, 120),
        )
    }
    return _trial(name, truth, trial, place, _metrics(truth, factor, answers, drawn, load.window_s)), drawn


def _lost(trial: TrialRecord, truth: Truth) -> list[BlockingLine]:
    answers = trial.metrics.answers or 0
    return [
        BlockingLine(trial_id=trial.trial_id, place=place, library_call=call, lost_s=ms * answers / 1e3)
        for place, call, ms in truth.lines
    ]


def _trial(name: str, truth: Truth, trial: str, place: tuple[int, int], metrics: TrialMetrics) -> TrialRecord:
    return TrialRecord(
        trial_id=trial,
        round=place[0],
        position=place[1],
        attempt=1,
        treatment=name,
        variant=name.partition("@")[0],
        load=name.partition("@")[2].partition("+")[0],
        started_at="2026-01-01T10:00:00+00:00",
        duration_s=5.0,
        rules=truth.rules,
        reasons="every answer was wrong" if truth.rules else "",
        metrics=metrics,
    )


def _metrics(
    truth: Truth, factor: float, answers: int, drawn: Mapping[Series, Histogram], window_s: float
) -> TrialMetrics:
    quantiles: dict[str, Any] = {
        f"{series.value}_p{percent}_us": found.value_us
        for series, durations in drawn.items()
        for percent in (50, 99)
        if (found := durations.quantile(percent / 100)) is not None
    }
    return TrialMetrics(
        window_s=window_s,
        answers=answers,
        wrong=40 if truth.failure else 0,
        errors=0,
        goodput_rps=truth.rps * factor,
        loop_blocked_ms_per_answer=truth.blocked_ms * factor if answers else None,
        sut_cpu_us_per_request=900.0,
        tokens_total=40,
        tokens_peak=20,
        first_failure=truth.failure,
        **quantiles,
    )
