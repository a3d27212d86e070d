"""What is registered about somebody's app before anything is measured, with what theory predicts (pure).

For each request, with fixed limits:

    blocks      alone, the loop is held up for at most 5 ms an answer. Refuted: the route blocks the loop. 5 ms is far
                above what the probe cannot tell from nothing, and 20 users of such a route keep others waiting 100 ms.
    bystander   under load, 99 in 100 other requests are answered within 100 ms, what people notice. It is an absolute
                limit on purpose: against a bystander of an idle app every busy app would fail.
    capacity    goodput under a closed load lies between 0.8 and 1.25 of what theory predicts from the pilot. Refuted
                from below: something limits it that one user did not show, such as a pool or a lock.
    change      one thing differs, and both sides are measured in the same rounds. "The same" is registered: goodput
                within the margin, p99 (the median, where there will be too few answers for a p99) within the wider one.
                Refuted: the change matters; its interval says how much.

The user's own claims stand beside these, with their own limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from experiment.design.app_sides import app_metric, read_side
from experiment.design.factors import ServerConfig
from experiment.design.metrics import BYSTANDER_P99, GOODPUT, LOOP_BLOCKED, RESPONSE_P50, RESPONSE_P99, Metric
from experiment.design.model import Claim, Comparison, Interval, Load, LoadKind, Treatment, at_most
from experiment.design.own_app import AppClaim, AppRequest
from experiment.errors import UsageError
from experiment.records.app_record import ClaimKind, ClaimNote
from experiment.theory.app_capacity import BLOCKS_FROM_S, LIMITED_BY
from harness.own_app.app_theory import Theory

BLOCKED_LIMIT_MS = BLOCKS_FROM_S * 1000
BYSTANDER_LIMIT_US = 100_000.0
CAPACITY_LOW, CAPACITY_HIGH = 0.8, 1.25
MARGIN = 0.10
TAIL_MARGIN = 0.25
"""p99 of a short window scatters more: a tenth could seldom be decided."""

_SOURCE = "registered by bench app for every request"
ON_FILE = ServerConfig()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A claim as the judge knows it, and what it is about."""

    claim: Claim
    note: ClaimNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that differs: the request on one server against the same request on another."""

    request: str
    treatment: ServerConfig
    baseline: ServerConfig

    @property
    def name(self) -> str:
        """What differs, as treatments' ids have it: style-def, version-main."""
        return differing(self.treatment, self.baseline)


def differing(treatment: ServerConfig, baseline: ServerConfig) -> str:
    theirs = set(baseline.changed)
    own = ServerConfig(tuple(pair for pair in treatment.changed if pair not in theirs))
    return (own.suffix or baseline.suffix).removeprefix("+")


def shown(request: AppRequest) -> str:
    """Return a request as sentences name it."""
    return f"{request.method} {request.path}"


def under(load: Load) -> str:
    """Return a load as sentences name it."""
    if load.kind is LoadKind.OPEN:
        return f"{load.rate_rps:g} requests a second"
    return "one user" if load.users == 1 else f"{load.users} {'users' if load.kind is LoadKind.CLOSED else 'at once'}"


def alone_of(loads: Sequence[Load]) -> Load:
    """Return the load that shows a route alone: one user, or else the lightest."""
    return min(loads, key=lambda load: (load.kind is not LoadKind.CLOSED, load.users))


def busy_of(loads: Sequence[Load]) -> tuple[Load, ...]:
    """Return the loads under which a route is not alone; of a single load that one."""
    return tuple(load for load in loads if load is not alone_of(loads)) or tuple(loads)


def usual_claims(request: AppRequest, loads: Sequence[Load], theory: Theory) -> tuple[Registered, ...]:
    """Return what `run` registers for a request of the app as it is."""
    busy = busy_of(loads)
    capacities = (_capacity(request, load, theory) for load in busy)
    return (
        _blocks(request, alone_of(loads), theory),
        *(_bystander(request, load, theory) for load in busy),
        *(claim for claim in capacities if claim is not None),
    )


def _treatment(request: AppRequest, load: Load, server: ServerConfig = ON_FILE) -> Treatment:
    return Treatment(variant=request.id, load=load.id, server=server)


def _level(treatment: Treatment, metric: Metric, expected: Interval, theory: Theory) -> Comparison:
    return Comparison(
        treatment=treatment, baseline=None, metric=metric, expected=expected, scatter=theory.scatter(treatment, metric)
    )


def _blocks(request: AppRequest, load: Load, theory: Theory) -> Registered:
    limit = f"{BLOCKED_LIMIT_MS:g} ms an answer"
    return _registered(
        "blocks",
        request,
        load,
        statement=f"{shown(request)} holds up the loop for at most {limit}, with {under(load)}",
        refuted_by="a longer time: while it lasts, the app answers nobody",
        comparison=_level(_treatment(request, load), LOOP_BLOCKED, at_most(BLOCKED_LIMIT_MS), theory),
    )


def _bystander(request: AppRequest, load: Load, theory: Theory) -> Registered:
    limit_ms = BYSTANDER_LIMIT_US / 1000
    return _registered(
        "bystander",
        request,
        load,
        statement=f"Beside {under(load)} of {shown(request)}, 99 in 100 other requests wait at most {limit_ms:g} ms",
        refuted_by="a longer wait: the route makes the whole app slow",
        comparison=_level(_treatment(request, load), BYSTANDER_P99, at_most(BYSTANDER_LIMIT_US), theory),
    )


def _capacity(request: AppRequest, load: Load, theory: Theory) -> Registered | None:
    treatment = _treatment(request, load)
    found = theory.of(treatment)
    if load.kind is not LoadKind.CLOSED or found is None:
        return None
    rate = found.goodput_rps
    return _registered(
        "capacity",
        request,
        load,
        statement=(
            f"With {under(load)} {shown(request)} serves what theory allows, {_rate(rate)} a second "
            f"({LIMITED_BY[found.decided_by]}), within {CAPACITY_LOW:g} to {CAPACITY_HIGH:g}"
        ),
        refuted_by="less: a pool, a lock or a service limits it; more: the pilot saw a slower moment",
        comparison=_level(treatment, GOODPUT, Interval(CAPACITY_LOW * rate, CAPACITY_HIGH * rate), theory),
    )


def _rate(rate: float) -> str:
    return f"{rate:.3g}" if rate < 1000 else f"{rate:.0f}"  # noqa: PLR2004 - three digits


def change_claims(
    change: Change, request: AppRequest, loads: Sequence[Load], theory: Theory, margin: float = MARGIN
) -> tuple[Registered, ...]:
    """Return the claims that a change makes no difference, to goodput and to response times, under each busy load."""
    tail = max(margin, TAIL_MARGIN)
    return tuple(
        claim
        for load in busy_of(loads)
        for claim in (
            _same(change, request, load, GOODPUT, theory=theory, margin=margin),
            _same(change, request, load, _slowness(change, load, theory), theory=theory, margin=tail),
        )
    )


def _same(
    change: Change, request: AppRequest, load: Load, metric: Metric, *, theory: Theory, margin: float
) -> Registered:
    treatment = _treatment(request, load, change.treatment)
    comparison = Comparison(
        treatment=treatment,
        baseline=_treatment(request, load, change.baseline),
        metric=metric,
        expected=Interval(1 - margin, 1 + margin),
        scatter=theory.scatter(treatment, metric),
    )
    return _registered(
        "change",
        request,
        load,
        name=f"{change.name}:{metric.name}",
        statement=f"{shown(request)} with {under(load)}: {_sides(change)} {_SAME[metric]}, within {margin:.0%}",
        refuted_by="a difference beyond the margin, for the better or the worse",
        comparison=comparison,
        change=change.name,
        margin=margin,
    )


_SAME = {
    GOODPUT: "serves as many requests",
    RESPONSE_P50: "answers its median request as fast",
    RESPONSE_P99: "keeps the slowest in a hundred waiting as long",
}
_ENOUGH_FOR_P99 = 150


def _slowness(change: Change, load: Load, theory: Theory) -> Metric:
    """Return p99, or the median where theory expects too few answers in a window for a p99."""
    sides = (Treatment(variant=change.request, load=load.id, server=s) for s in (change.treatment, change.baseline))
    expected = [found.goodput_rps * load.window_s for side in sides if (found := theory.of(side)) is not None]
    return RESPONSE_P50 if min(expected, default=_ENOUGH_FOR_P99) < _ENOUGH_FOR_P99 else RESPONSE_P99


def _sides(change: Change) -> str:
    """Return the sides in words: `handler as def, against today`."""
    return f"{change.treatment.words or 'today'}, against {change.baseline.words or 'today'},"


def _registered(
    kind: ClaimKind,
    request: AppRequest,
    load: Load,
    *,
    statement: str,
    refuted_by: str,
    comparison: Comparison,
    name: str = "",
    change: str | None = None,
    margin: float | None = None,
) -> Registered:
    name = f"{request.id}:{name or kind}@{load.id}"
    claim = Claim(
        id=name, slug=name, statement=statement, source=_SOURCE, comparisons=(comparison,), refuted_by=refuted_by
    )
    note = ClaimNote(id=name, kind=kind, request=request.id, load=load.id, change=change, margin=margin)
    return Registered(claim=claim, note=note)


def own_claim(asked: AppClaim, requests: Sequence[str], theory: Theory) -> Registered:
    """Return a claim of the user's, as registered."""
    treatment = read_side(asked.treatment, requests)
    baseline = None if asked.baseline is None else read_side(asked.baseline, requests)
    metric = app_metric(asked.metric)
    side = Treatment(variant=treatment.request, load=asked.load, server=treatment.server)
    comparison = Comparison(
        treatment=side,
        baseline=None if baseline is None else replace(side, variant=baseline.request, server=baseline.server),
        metric=metric,
        expected=asked.expected,
        scatter=theory.scatter(side, metric),
    )
    claim = Claim(id=asked.id, slug=asked.id, statement=asked.statement, source=asked.source, comparisons=(comparison,))
    note = ClaimNote(id=asked.id, kind="own", request=treatment.request, load=asked.load)
    return Registered(claim=claim, note=note)


def refuse_twins(claims: Sequence[Registered]) -> None:
    """Raise UsageError where two claims have the same id."""
    ids = [r.claim.id for r in claims]
    twins = sorted({name for name in ids if ids.count(name) > 1})
    if twins:
        raise UsageError(f"two claims have the id {twins[0]}; give one another id in the file")
