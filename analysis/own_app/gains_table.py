"""Predicted and measured gains side by side, over one or several campaigns, as Markdown."""

from collections.abc import Iterable, Iterator, Sequence

from analysis.own_app import sentences
from analysis.own_app.results import AppResults, Change, RouteResult
from analysis.wording import words
from analysis.wording.markdown import table
from experiment.design.metrics import BYSTANDER_P99, GOODPUT

HEAD = ("request", "change", "theory predicted", "measured", "others' p99 beside it")


def gains_table(campaigns: Iterable[AppResults]) -> str:
    """Return a row for each change that was measured, predicted or refused; versions are left out."""
    rows = [
        _row(route, change)
        for results in campaigns
        for route in results.routes
        for change in route.changes
        if not change.is_version
    ]
    return table(HEAD, rows)


def _row(route: RouteResult, change: Change) -> Sequence[str]:
    predicted = change.prediction.ratio if change.prediction else None
    return (
        route.name,
        sentences.change_words(change.key),
        words.NOT_MEASURED if predicted is None else sentences.about(predicted),
        _measured(change),
        _others(change),
    )


def _measured(change: Change) -> str:
    part = next((part for part in change.parts if part.comparison.metric is GOODPUT), None)
    effect = part.estimate.effect if part else None
    if part is None or effect is None:
        return f"refused: {_why(change)}" if change.refusal else words.NOT_MEASURED
    return f"{words.times(effect)} ({sentences.interval(part.estimate.low, part.estimate.high)})"


def _why(change: Change) -> str:
    entry = change.refusal
    if entry is None:
        return ""
    at = f" ({entry.file}:{entry.line})" if entry.file and entry.line else ""
    return f"{entry.why.rstrip('.')}{at}"


def _others(change: Change) -> str:
    sides = [side.figure(BYSTANDER_P99) if side else None for side in (change.before, change.after)]
    known = [side.median for side in sides if side is not None]
    if len(known) < len(sides):
        return words.NOT_MEASURED
    before, after = map(words.duration_us, known)
    return f"{before}, then {after}"


def claims_table(results: AppResults) -> str:
    """Return the claims of the app's people with their verdicts."""
    return table(("claim", "statement", "expected", "verdict", "found"), _claims(results))


def _claims(results: AppResults) -> Iterator[Sequence[str]]:
    for claim in results.own:
        stated = claim.result.claim
        yield (
            stated.id,
            stated.statement,
            sentences.expected(claim),
            sentences.verdict_word(claim),
            sentences.found(claim),
        )
