"""The plan of one round: its treatments once each, the sides of a comparison close together, by the seed alone."""

import random
from collections.abc import Iterable, Sequence

from experiment.design.claims import A_A
from experiment.design.model import Claim, Comparison, Treatment

AA_EVERY = 6
"""In a round the A/A pair runs before every sixth group of treatments; after the passes, in every sixth step."""

_SHUFFLES = 50
"""Of so many random orders of a group, the one with the closest sides is taken; a group has ten treatments at most."""


def treatments_for(claims: Iterable[Claim], *, with_aa: bool = True) -> tuple[Treatment, ...]:
    """Return every treatment that the claims need and the A/A pair, each once, in the claims' order."""
    wanted = [t for claim in claims for t in claim.treatments]
    pair = list(A_A.treatments) if with_aa else []
    return tuple(dict.fromkeys([*wanted, *pair]))


def comparisons_of(claims: Iterable[Claim]) -> tuple[Comparison, ...]:
    return tuple(comparison for claim in claims for comparison in claim.comparisons)


def plan_round(
    treatments: Iterable[Treatment], *, seed: int, round_number: int, comparisons: Sequence[Comparison] = ()
) -> tuple[Treatment, ...]:
    """Return one round: each treatment once, in an order that seed and round alone decide.

    Treatments that comparisons link, directly or through others, form a group. Groups are shuffled and so are the
    treatments in each; of many such orders the one is taken in which the sides of comparisons lie closest. A machine
    whose speed changes over minutes then disturbs their ratio less. The order in which claims were named does not
    matter.

    The A/A pair stands before every sixth group, its sides now adjacent, now parted by one trial, as those of claims
    are. A group that shares a treatment with it takes the first of these places and measures that treatment once.
    """
    source = random.Random(f"{seed}:{round_number}")  # noqa: S311 - a reproducible order, not a secret
    wanted, pair = set(treatments), set(A_A.treatments)
    has_pair = pair <= wanted
    is_shared = has_pair and any(pair & set(c.treatments) for c in comparisons)
    links = [*comparisons, A_A] if is_shared else comparisons
    groups = linked(wanted if is_shared or not has_pair else wanted - pair, links)
    source.shuffle(groups)
    ordered = [_closest(source, group, links) for group in groups]
    if has_pair:
        ordered = _with_pair(source, ordered or [[]], is_shared=is_shared, parity=round_number // AA_EVERY)
    return tuple(treatment for group in ordered for treatment in group)


def linked(treatments: Iterable[Treatment], comparisons: Iterable[Comparison]) -> list[list[Treatment]]:
    """Return the connected components of the graph whose edges are the comparisons, each sorted by id."""
    groups = [{t} for t in sorted(set(treatments), key=lambda t: t.id)]
    for comparison in comparisons:
        touched = [group for group in groups if group.intersection(comparison.treatments)]
        if touched:
            groups = [set().union(*touched), *(group for group in groups if group not in touched)]
    return sorted((sorted(group, key=lambda t: t.id) for group in groups), key=lambda group: group[0].id)


def _closest(source: random.Random, group: Sequence[Treatment], comparisons: Sequence[Comparison]) -> list[Treatment]:
    """Return the one of many random orders of a group in which the sides of its comparisons lie closest together."""
    number = {treatment: i for i, treatment in enumerate(group)}
    sides = [[number[t] for t in c.treatments] for c in comparisons if c.is_ratio and number.keys() >= {*c.treatments}]
    shuffled = [source.sample(range(len(group)), len(group)) for _ in range(_SHUFFLES)]
    closest = min(shuffled, key=lambda order: sum(abs(order.index(a) - order.index(b)) for a, b in sides))
    return [group[i] for i in closest]


def _with_pair(
    source: random.Random, groups: Sequence[Sequence[Treatment]], *, is_shared: bool, parity: int
) -> list[list[Treatment]]:
    """Return the groups with the A/A pair before every sixth, or, where a group shares it, in that and after it."""
    out = [list(group) for group in groups]
    times = -(-len(out) // AA_EVERY)
    first = source.randrange(len(out) - AA_EVERY * (times - 1))
    if is_shared:
        home = next(i for i, group in enumerate(out) if A_A.treatment in group)
        out[first], out[home] = out[home], out[first]
    for k, place in enumerate(range(first, len(out), AA_EVERY)):
        if not (is_shared and k == 0):
            out[place] = _before(out[place], source.sample(A_A.treatments, 2), is_apart=(k + parity) % 2 == 1)
    return out


def _before(group: Sequence[Treatment], pair: Sequence[Treatment], *, is_apart: bool) -> list[Treatment]:
    one, other = pair
    between = 1 if is_apart else 0
    return [one, *group[:between], other, *group[between:]]


def trial_id(number: int) -> str:
    return f"t{number:04d}"
