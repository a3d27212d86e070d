"""The findings about an app as JSON data, for programs. What was not measured is null; times are in their unit."""

from __future__ import annotations

from math import isinf
from typing import Any

from analysis.own_app import headline, sentences
from analysis.own_app.ranking import Ranked, blocked_ms, ranking
from analysis.own_app.results import (
    AppResults,
    BlockingPlace,
    Change,
    JudgedClaim,
    LoadResult,
    Percentiles,
    RouteResult,
    Spread,
)
from analysis.stats.results import ComparisonResult

FORMAT = 1


def as_json(results: AppResults) -> dict[str, Any]:
    """Return everything that the page says, as plain data."""
    return {
        "format": FORMAT,
        "campaign": results.manifest.campaign,
        "target": results.target,
        "asked": results.record.asked,
        "summary": headline.tally(results),
        "trials": results.trials,
        "valid": results.valid,
        "ranking": [_ranked(each) for each in ranking(results)],
        "requests": [_route(route) for route in results.routes],
        "claims": [_claim(claim) for claim in results.own],
        "findings": [finding.model_dump(mode="json") for finding in results.findings],
        "troubles": [trouble.model_dump(mode="json") for trouble in results.record.troubles],
        "notes": list(results.record.notes),
    }


def _ranked(ranked: Ranked) -> dict[str, Any]:
    gain = ranked.gain
    return {
        "place": ranked.place,
        "request": ranked.route.request.id,
        "blocked_ms": ranked.blocked_ms,
        "at": ranked.line.at if ranked.line else None,
        "change": gain.change.key if gain else None,
        "gain": gain.ratio if gain else None,
        "gain_is": gain.source.value if gain else None,
        "gain_low": gain.low if gain else None,
        "gain_high": _finite(gain.high) if gain else None,
        "sentence": sentences.verdict(ranked.route),
    }


def _route(route: RouteResult) -> dict[str, Any]:
    request = route.request
    return {
        "id": request.id,
        "method": request.method,
        "path": request.path,
        "endpoint": request.endpoint,
        "style": request.style,
        "file": request.file,
        "line": request.line,
        "standing": route.standing.value,
        "sentence": sentences.verdict(route),
        "blocked_ms": blocked_ms(route),
        "places": [_place(place) for place in route.places],
        "loads": [_load(load) for load in route.loads],
        "changes": [_change(change) for change in route.changes],
        "claims": [_claim(claim) for claim in route.claims if claim.note.kind != "own"],
    }


def _place(place: BlockingPlace) -> dict[str, Any]:
    return {
        "file": place.file,
        "line": place.line,
        "function": place.function,
        "library_calls": [{"name": call.name, "share": call.share} for call in place.calls],
        "share": place.share,
        "ms": place.ms,
        "is_own": place.is_own,
    }


def _load(load: LoadResult) -> dict[str, Any]:
    return {
        "load": load.load.id,
        "users": load.load.users,
        "trials": load.trials,
        "valid": load.valid,
        "figures": {name: _spread(found) for name, found in load.figures.items()},
        "response": _percentiles(load.response),
        "bystander": _percentiles(load.bystander),
        "prediction": load.prediction.model_dump(mode="json") if load.prediction else None,
        "wrong": load.wrong,
        "errors": load.errors,
        "first_failure": load.first_failure,
    }


def _spread(found: Spread) -> dict[str, Any]:
    return {"median": found.median, "low": found.low, "high": found.high, "trials": found.n, "is_floor": found.is_floor}


def _percentiles(found: Percentiles | None) -> dict[str, Any] | None:
    if found is None:
        return None
    known = {"p50": found.p50, "p90": found.p90, "p99": found.p99}
    values = {f"{name}_us": value.value_us if value else None for name, value in known.items()}
    floors = {f"{name}_is_floor": value.is_floor if value else None for name, value in known.items()}
    return {"count": found.count, **values, **floors}


def _change(change: Change) -> dict[str, Any]:
    return {
        "change": change.key,
        "load": change.load,
        "outcome": change.outcome.value,
        "margin": change.margin,
        "is_version": change.is_version,
        "ratios": [_ratio(part) for part in change.parts],
        "prediction": change.prediction.model_dump(mode="json") if change.prediction else None,
        "refusal": change.refusal.model_dump(mode="json") if change.refusal else None,
    }


def _ratio(part: ComparisonResult) -> dict[str, Any]:
    found = part.estimate
    return {
        "metric": part.comparison.metric.name,
        "effect": found.effect,
        "low": found.low,
        "high": _finite(found.high),
        "pairs": found.n,
    }


def _claim(claim: JudgedClaim) -> dict[str, Any]:
    return {
        "id": claim.note.id,
        "kind": claim.note.kind,
        "statement": claim.result.claim.statement,
        "source": claim.result.claim.source,
        "verdict": claim.result.verdict.value,
        "found": sentences.found(claim),
    }


def _finite(value: float | None) -> float | None:
    """Return null for an open end: JSON has no infinity."""
    return None if value is None or isinf(value) else value
