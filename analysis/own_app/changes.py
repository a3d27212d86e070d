"""What a change does to a request: the ratios that were judged, theory's prediction, and why it was refused.

Where a claim of the user's sets another request against this one, that is a change too: to do it as the other one does.

A change is as its goodput is. Where that is the same, another ratio that is better or worse speaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from analysis.own_app.results import Change, JudgedClaim, LoadResult
from analysis.stats.direction import Direction, direction_of
from analysis.stats.results import ComparisonResult
from experiment.design.factors import VERSION
from experiment.design.metrics import GOODPUT
from experiment.design.model import Treatment
from experiment.records.app_record import Prediction, RefusalEntry

MARGIN = 0.1
LIKE = "like:"
Measured = tuple[Treatment, LoadResult]
_Key = tuple[str, str]  # the change, and the load


def changes_of(
    request: str,
    claims: Sequence[JudgedClaim],
    refusals: Sequence[RefusalEntry],
    predictions: Iterable[Prediction],
    measured: Sequence[Measured],
) -> tuple[Change, ...]:
    """Return the changes to one request: those that were measured, then those that were only predicted or refused.

    `claims` and `measured` are those of all requests.
    """
    asked = _by_key(request, claims)
    own = [pair for pair in measured if pair[0].variant == request]
    predicted = dict(_predicted(request, predictions, {treatment.load for treatment, _ in own}))
    by_id = {result.treatment: result for _, result in measured}
    refused = {refusal.change: refusal for refusal in refusals}
    load = _heaviest(own)
    unmeasured = {key for key in predicted if key not in asked} | {
        (key, load) for key in refused if not any(key == known for known, _ in (*asked, *predicted))
    }
    return (
        *(_judged(key, some, predicted.get(key), refused.get(key[0]), by_id) for key, some in asked.items()),
        *(_unmeasured(key, predicted.get(key), refused.get(key[0]), by_id, request) for key in sorted(unmeasured)),
    )


def _by_key(request: str, claims: Sequence[JudgedClaim]) -> Mapping[_Key, list[JudgedClaim]]:
    found: dict[_Key, list[JudgedClaim]] = {}
    for claim in claims:
        change = _change_in(request, claim)
        if change is not None:
            found.setdefault((change, claim.note.load), []).append(claim)
    return found


def _change_in(request: str, claim: JudgedClaim) -> str | None:
    """Return the change that a claim is about; None if it is about none to this request."""
    if claim.note.kind == "change" and claim.note.request == request:
        return claim.note.change
    return f"{LIKE}{claim.note.request}" if is_alternative(request, claim) else None


def is_alternative(request: str, claim: JudgedClaim) -> bool:
    """Whether a claim of the user's sets another request against this one as it is."""
    baselines = (part.comparison.baseline for part in claim.result.comparisons)
    is_against = all(side is not None and side.variant == request and not side.server.changed for side in baselines)
    return claim.note.kind == "own" and claim.note.request != request and is_against


def _predicted(
    request: str, predictions: Iterable[Prediction], loads: Iterable[str]
) -> Iterator[tuple[_Key, Prediction]]:
    """Yield the predictions about a request with a change; a treatment's id is `request@load+change`."""
    starts = {f"{request}@{load}+": load for load in loads}
    for prediction in predictions:
        for start, load in starts.items():
            if prediction.treatment.startswith(start) and prediction.metric == GOODPUT.name:
                yield (prediction.treatment.removeprefix(start), load), prediction


def _heaviest(measured: Sequence[Measured]) -> str:
    return max(measured, key=lambda pair: pair[1].load.users)[0].load if measured else ""


def _judged(
    key: _Key,
    claims: Sequence[JudgedClaim],
    prediction: Prediction | None,
    refusal: RefusalEntry | None,
    by_id: Mapping[str, LoadResult],
) -> Change:
    judged = sorted(((part, _margin(c)) for c in claims for part in _ratios(c)), key=_place)
    sides = judged[0][0].comparison if judged else None
    is_version = any(t.server[VERSION] is not None for claim in claims for t in claim.result.claim.treatments)
    return Change(
        key=key[0],
        load=key[1],
        parts=tuple(part for part, _ in judged),
        outcome=_outcome(judged),
        margin=judged[0][1] if judged else MARGIN,
        prediction=prediction,
        refusal=refusal,
        before=by_id.get(sides.baseline.id) if sides and sides.baseline else None,
        after=by_id.get(sides.treatment.id) if sides else None,
        is_version=is_version,
    )


def _margin(claim: JudgedClaim) -> float:
    return MARGIN if claim.note.margin is None else claim.note.margin


def _ratios(claim: JudgedClaim) -> Iterator[ComparisonResult]:
    return (part for part in claim.result.comparisons if part.comparison.is_ratio)


def _place(judged: tuple[ComparisonResult, float]) -> bool:
    return judged[0].comparison.metric is not GOODPUT


def direction(part: ComparisonResult, margin: float) -> Direction:
    """Return what a judged ratio says of a change; nothing yet where it has no value."""
    if part.estimate.effect is None:
        return Direction.UNDECIDED
    return direction_of(part.comparison.metric, part.estimate.interval, margin)


def _outcome(judged: Sequence[tuple[ComparisonResult, float]]) -> Direction:
    """Return the outcome of ratios with their margins, that of the goodput first."""
    outcomes = [direction(part, margin) for part, margin in judged]
    if not outcomes or outcomes[0] is not Direction.SAME:
        return next(iter(outcomes), Direction.UNDECIDED)
    return next((found for found in outcomes if found in (Direction.BETTER, Direction.WORSE)), Direction.SAME)


def _unmeasured(
    key: _Key,
    prediction: Prediction | None,
    refusal: RefusalEntry | None,
    by_id: Mapping[str, LoadResult],
    request: str,
) -> Change:
    change, load = key
    return Change(
        key=change,
        load=load,
        margin=MARGIN,
        prediction=prediction,
        refusal=refusal,
        before=by_id.get(f"{request}@{load}"),
        is_version=change.startswith(VERSION.suffix.format("")),
    )
