"""The plan: every treatment that is still needed, once per round, in an order that only the seed decides."""

import random
from collections.abc import Iterable

from experiment.design.claims import A_A
from experiment.design.model import Claim, Treatment


def treatments_for(claims: Iterable[Claim], *, with_aa: bool = True) -> tuple[Treatment, ...]:
    """Return every treatment that the claims need and the A/A pair, each once, in the claims' order."""
    wanted = [t for claim in claims for t in claim.treatments]
    pair = list(A_A.treatments) if with_aa else []
    return tuple(dict.fromkeys([*wanted, *pair]))


MOST_AA_PAIRS = 3
_TREATMENTS_A_PAIR = 8


def aa_pairs(treatments: int) -> int:
    """Return how often a round runs the A/A pair: once per eight other treatments, at most three times.

    A long campaign has few rounds, and it takes about ten pairs to know the noise floor within 10 %.
    """
    return max(1, min(MOST_AA_PAIRS, -(-treatments // _TREATMENTS_A_PAIR)))


def plan_round(treatments: Iterable[Treatment], *, seed: int, round_number: int) -> tuple[Treatment, ...]:
    """Return one round: each treatment once, in an order that seed and round alone decide.

    The A/A pair is repeated in a long round, its two sides one after the other each time.

    Works are shuffled, and the treatments within a work. So treatment and baseline of a comparison run within a minute
    of each other, and a machine whose speed changes over minutes disturbs their ratio less. Treatments are sorted
    before they are shuffled, so the order in which the user named the claims does not matter.
    """
    source = random.Random(f"{seed}:{round_number}")  # noqa: S311 - a reproducible order, not a secret
    wanted = set(treatments)
    blocks: dict[str, list[list[Treatment]]] = {}
    for unit in _units(wanted):
        blocks.setdefault(unit[0].variant.partition(".")[0], []).append(unit)
    order = list(blocks.values())
    source.shuffle(order)
    for block in order:
        source.shuffle(block)
        for unit in block:
            source.shuffle(unit)
    return tuple(treatment for block in order for unit in block for treatment in unit)


def _units(wanted: set[Treatment]) -> list[list[Treatment]]:
    """Return what stays together in a round: single treatments, and the two sides of the A/A pair."""
    pair = set(A_A.treatments) if wanted.issuperset(A_A.treatments) else set()
    single = [[t] for t in sorted(wanted - pair, key=lambda t: t.id)]
    repeats = aa_pairs(len(single)) if pair else 0
    return [*single, *(sorted(pair, key=lambda t: t.id) for _ in range(repeats))]


def trial_id(number: int) -> str:
    return f"t{number:04d}"
