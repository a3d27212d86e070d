"""Gates: what makes a build fail. They look at verdicts and ratios only, never at one machine's absolute figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from analysis.own_app import sentences
from analysis.own_app.results import AppResults, Change, RouteResult, Standing
from analysis.stats.direction import is_surely_worse
from analysis.stats.results import ComparisonResult, Verdict
from analysis.wording.gates import WORSE, Gate, read_gate
from experiment.errors import Exit

GATES_HELP = (
    "worse:10% (a request is surely more than 10 % worse than in the other version), blocks (a request holds up the "
    "loop) or refuted (a claim of yours is refuted)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """A request or a claim that a gate stopped, and why."""

    name: str
    reason: str


def gate(results: AppResults, text: str) -> Exit:
    """Return the exit code under a gate such as `worse:10%`. Raises UsageError for what is no gate."""
    return Exit.GATE_FAILED if stopped(results, text) else Exit.OK


def stopped(results: AppResults, text: str) -> tuple[Stopped, ...]:
    """Return everything that a gate stops. Raises UsageError that explains what a gate looks like."""
    found = parse_gate(text)
    return tuple(_worse(results, found.limit) if found.kind == WORSE else _PLAIN[found.kind](results))


def parse_gate(text: str) -> Gate:
    """Read a gate; raises UsageError that explains what a gate looks like."""
    return read_gate(text, _PLAIN, GATES_HELP)


def _worse(results: AppResults, share: float) -> Iterator[Stopped]:
    for route in results.routes:
        for change in route.changes:
            if change.is_version and (part := _first_worse(change, share)) is not None:
                yield Stopped(name=route.request.id, reason=_reason(route, change, part, share))


def _first_worse(change: Change, share: float) -> ComparisonResult | None:
    return next((part for part in change.parts if _is_beyond(part, share)), None)


def _is_beyond(part: ComparisonResult, share: float) -> bool:
    found = part.estimate
    return found.effect is not None and is_surely_worse(part.comparison.metric, found.interval, share)


def _reason(route: RouteResult, change: Change, part: ComparisonResult, share: float) -> str:
    found = sentences.interval(part.estimate.low, part.estimate.high)
    label, other = part.comparison.metric.label, sentences.other_version(change)
    return f"{route.name}: {label} is {found} of that in {other}: all of it more than {share * 100:g} % worse"


def _blocks(results: AppResults) -> Iterator[Stopped]:
    for route in results.routes:
        if route.standing is Standing.BLOCKS:
            yield Stopped(name=route.request.id, reason=sentences.verdict(route))


def _refuted(results: AppResults) -> Iterator[Stopped]:
    for claim in results.own:
        if claim.result.verdict is Verdict.REFUTED:
            yield Stopped(name=claim.note.id, reason=f"{claim.result.claim.statement}: {sentences.found(claim)}")


_PLAIN: Mapping[str, Callable[[AppResults], Iterator[Stopped]]] = {"blocks": _blocks, "refuted": _refuted}
