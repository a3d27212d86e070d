"""What is registered for an order, from what preparation found (pure)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from experiment.design.factors import VERSION
from experiment.design.model import Load, Treatment
from experiment.design.plan import treatments_for
from harness.own_app.app_theory import Theory
from harness.own_app.claims import (
    ON_FILE,
    Change,
    Registered,
    busy_of,
    change_claims,
    own_claim,
    refuse_twins,
    usual_claims,
)
from harness.own_app.order import AppOrder, loads_for
from harness.own_app.preparing import Prepared, at_version, without_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be measured: the claims, their loads, what is left out, and what theory says of it all."""

    claims: tuple[Registered, ...]
    loads: Mapping[str, Load]
    skipped: Mapping[str, str]
    theory: Theory
    refused: tuple[tuple[Treatment, Treatment], ...] = ()  # changes that cannot be tried, against today
    notes: tuple[str, ...] = ()

    @property
    def treatments(self) -> tuple[Treatment, ...]:
        named = treatments_for([r.claim for r in self.claims], with_aa=False)
        return tuple(t for t in named if t.skip_reason(self.skipped) is None)


def planned(order: AppOrder, made: Prepared, cures: Sequence[Change], *, cores: int) -> Plan:
    """Return what is registered (pure)."""
    good = {request.id: request for request in made.good(order.chosen)}
    costs = made.costs(order.chosen)
    loads = {name: _loads_of(order, name, made) for name in good}
    known = {load.id: load for some in loads.values() for load in some}
    known |= {claim.load: order.file.load(claim.load) for claim in order.file.claims if order.change is None}
    theory = Theory(costs=costs, loads=known, cores=cores)
    claims: list[Registered] = []
    if order.change is None:
        claims += [claim for name, request in good.items() for claim in usual_claims(request, loads[name], theory)]
    changes = [*(c for c in cures if (c.request, c.treatment) not in made.refused), *_against(order, made)]
    for change in changes:
        claims += change_claims(change, good[change.request], loads[change.request], theory, order.margin)
    claims += _own(order, theory)
    refuse_twins(claims)
    refused = [c for c in cures if (c.request, c.treatment) in made.refused]
    return Plan(
        claims=tuple(claims),
        loads=known,
        skipped=_skipped(claims, made),
        theory=theory,
        refused=tuple(pair for c in refused for pair in _sides(c, loads[c.request])),
    )


def _loads_of(order: AppOrder, request: str, made: Prepared) -> tuple[Load, ...]:
    return loads_for(order.file, made.found[request, ""].answer.seconds)


def _sides(change: Change, loads: Sequence[Load]) -> Iterator[tuple[Treatment, Treatment]]:
    for load in busy_of(loads):
        yield (
            Treatment(variant=change.request, load=load.id, server=change.treatment),
            Treatment(variant=change.request, load=load.id, server=change.baseline),
        )


def _against(order: AppOrder, made: Prepared) -> tuple[Change, ...]:
    """Return today against the other version, for every request that both answer rightly."""
    if order.against is None:
        return ()
    other = next(name for name in made.inspections if name)
    both = [r for r in made.good(order.chosen) if r in made.good(order.chosen, other)]
    return tuple(Change(request=r.id, treatment=ON_FILE, baseline=at_version(other)) for r in both)


def _own(order: AppOrder, theory: Theory) -> list[Registered]:
    if order.change is not None:
        return []
    known = [request.id for request in order.file.requests]
    found = [own_claim(claim, known, theory) for claim in order.file.claims]
    chosen = {request.id for request in order.chosen}
    return [r for r in found if all(t.variant in chosen for t in r.claim.treatments)]


def _skipped(claims: Sequence[Registered], made: Prepared) -> dict[str, str]:
    """Return the treatments that cannot be measured: a wrong answer, or a change that was refused."""
    why = {(entry.request, entry.change): entry.why for entry in made.refusals}
    out = {}
    for treatment in treatments_for([r.claim for r in claims], with_aa=False):
        version = str(treatment.server[VERSION] or "")
        found = made.found.get((treatment.variant, version))
        if found is None or found.complaint is not None:
            out[treatment.id] = (found.complaint if found else None) or "it was not asked in preflight"
        elif (treatment.variant, treatment.server) in made.refused:
            out[treatment.id] = why.get(
                (treatment.variant, without_version(treatment.server).suffix.removeprefix("+")), "it was refused"
            )
    return out
