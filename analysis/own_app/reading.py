"""A folder of `bench app run` or `try` read into memory: judged by the claims in its own manifest.

Texts that come from the app (paths, log lines, names) are made plain here, once, so that no output needs to think of
what a terminal or a page would do with them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from analysis.own_app.changes import changes_of
from analysis.own_app.figures import load_result
from analysis.own_app.places import places_of
from analysis.own_app.results import AppResults, JudgedClaim, LoadResult, RouteResult, Standing
from analysis.stats.judge import judge_all
from analysis.stats.results import Verdict
from analysis.stats.rule import RULES
from analysis.wording.plain import plain, plain_everywhere
from experiment.design.model import Treatment
from experiment.records.app_record import (
    AppRecord,
    BlockingLine,
    FindingEntry,
    RequestEntry,
    read_app_record,
    read_blocking,
)
from experiment.records.histogram import Histogram
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder
from experiment.records.trial import Series, TrialRecord

STANDINGS = {Verdict.REFUTED: Standing.BLOCKS, Verdict.SUPPORTED: Standing.CLEAR}
"""By the verdict on the claim that a request does not hold up the loop."""
SERIES = (Series.RESPONSE, Series.BYSTANDER)
NOT_MEASURED = "Not measured: "
"""What a note in app.json begins with that says why a request was left out."""


def read_results(folder: Path) -> AppResults:
    """Read a campaign over an app and judge it. Raises StoreError when it is none, or damaged."""
    store = CampaignFolder.open(folder)
    manifest, record = _plain_manifest(store.manifest()), _plain_record(read_app_record(folder))
    trials = [_plain_trial(trial) for trial in store.trials()]
    raw = _Raw(
        manifest=manifest,
        record=record,
        trials=trials,
        measured=tuple(_measured(manifest, record, trials, _histograms(store, trials))),
        blocking=tuple(_plain_line(line) for line in read_blocking(folder)),
        claims=_judged(manifest, record, trials),
    )
    return AppResults(
        manifest=manifest,
        record=record,
        routes=tuple(_route(raw, request) for request in record.requests),
        own=tuple(claim for claim in raw.claims if claim.note.kind == "own"),
        findings=record.findings,
        trials=len(trials),
        valid=sum(trial.is_valid for trial in trials),
        rules=Counter(rule for trial in trials for rule in trial.rules),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Raw:
    """Everything in the folder."""

    manifest: Manifest
    record: AppRecord
    trials: Sequence[TrialRecord]
    measured: tuple[tuple[Treatment, LoadResult], ...]
    blocking: tuple[BlockingLine, ...]
    claims: tuple[JudgedClaim, ...]


def _plain_manifest(manifest: Manifest) -> Manifest:
    return Manifest.model_validate(plain_everywhere(manifest.model_dump(mode="json")))


def _plain_record(record: AppRecord) -> AppRecord:
    return AppRecord.model_validate(plain_everywhere(record.model_dump(mode="json")))


def _plain_line(line: BlockingLine) -> BlockingLine:
    return replace(line, place=plain(line.place), library_call=line.library_call and plain(line.library_call))


def _plain_trial(trial: TrialRecord) -> TrialRecord:
    failure = trial.metrics.first_failure
    metrics = replace(trial.metrics, first_failure=failure and plain(failure))
    return replace(trial, reasons=plain(trial.reasons), metrics=metrics)


def _treatments(manifest: Manifest) -> Mapping[str, Treatment]:
    compared = (treatment for claim in manifest.asked() for treatment in claim.treatments)
    return {treatment.id: treatment for treatment in (*manifest.planned(), *compared)}


_Histograms = Mapping[Series, Mapping[str, Histogram]]


def _histograms(store: CampaignFolder, trials: Iterable[TrialRecord]) -> _Histograms:
    """Return the durations of each treatment, merged over its valid trials."""
    groups = {trial.trial_id: trial.treatment for trial in trials if trial.is_valid}
    return {series: store.merged_histograms(series, groups) for series in SERIES} if groups else {}


def _measured(
    manifest: Manifest, record: AppRecord, trials: Sequence[TrialRecord], histograms: _Histograms
) -> Iterator[tuple[Treatment, LoadResult]]:
    predictions = {prediction.treatment: prediction for prediction in record.predictions}
    for treatment in _treatments(manifest).values():
        if treatment.load in manifest.loads:
            own = [trial for trial in trials if trial.treatment == treatment.id]
            durations = {series: found[treatment.id] for series, found in histograms.items() if treatment.id in found}
            load, prediction = manifest.loads[treatment.load], predictions.get(treatment.id)
            yield treatment, load_result(treatment.id, load, own, durations, prediction)


def _judged(manifest: Manifest, record: AppRecord, trials: Sequence[TrialRecord]) -> tuple[JudgedClaim, ...]:
    """Return every claim with what it is about; one that app.json says nothing of is left out."""
    notes = {note.id: note for note in record.claims}
    results = judge_all(
        manifest.asked(), trials, skipped=manifest.skipped, alpha=manifest.alpha, rule=RULES[manifest.judge]
    )
    return tuple(JudgedClaim(note=notes[r.claim.id], result=r) for r in results if r.claim.id in notes)


def _route(raw: _Raw, request: RequestEntry) -> RouteResult:
    claims = tuple(claim for claim in raw.claims if claim.note.request == request.id)
    loads = tuple(_loads(raw, request))
    record = raw.record
    refusals = tuple(refusal for refusal in record.refusals if refusal.request == request.id)
    failure = _failure(record, request)
    return RouteResult(
        request=request,
        standing=Standing.FAILED if failure and not loads else _standing(claims, loads),
        pilot=next((pilot for pilot in record.pilots if pilot.request == request.id and not pilot.version), None),
        loads=loads,
        claims=claims,
        places=places_of(raw.blocking, raw.trials, loads),
        changes=changes_of(request.id, raw.claims, refusals, record.predictions, raw.measured),
        refusals=refusals,
        findings=tuple(_findings(record.findings, request)),
        troubles=tuple(trouble for trouble in record.troubles if trouble.request == request.id),
        failure=failure,
    )


def _loads(raw: _Raw, request: RequestEntry) -> Iterator[LoadResult]:
    """Yield the request under each load with the app as it is, the lightest load first."""
    found = [result for of, result in raw.measured if of.variant == request.id and not of.server.changed]
    yield from sorted(found, key=lambda result: (result.load.users, result.load.rate_rps))


def _standing(claims: Sequence[JudgedClaim], loads: Sequence[LoadResult]) -> Standing:
    has_none = any(found.trials for found in loads) and not any(found.valid for found in loads)
    if has_none and any(found.wrong or found.errors or found.first_failure for found in loads):
        return Standing.FAILED
    verdicts = [claim.result.verdict for claim in claims if claim.note.kind == "blocks"]
    if not verdicts:
        return Standing.UNJUDGED
    return STANDINGS.get(verdicts[0], Standing.UNDECIDED)


def _failure(record: AppRecord, request: RequestEntry) -> str | None:
    """Return what preflight said of a request that it did not let through, without the request's own name."""
    name = f"{NOT_MEASURED}{request.method} {request.path} (request {request.id})"
    said = next((note.removeprefix(name) for note in record.notes if note.startswith(name)), None)
    if said is None:
        return None
    return said.removeprefix(": ") if said.startswith(":") else f"it{said}"


def _findings(findings: Iterable[FindingEntry], request: RequestEntry) -> Iterator[FindingEntry]:
    """Yield the static findings about the route that answers a request; they name it as `GET,HEAD /path`."""
    for finding in findings:
        methods, _, path = (finding.route or "").rpartition(" ")
        if request.route and path == request.route and (not methods or request.method in methods.split(",")):
            yield finding
