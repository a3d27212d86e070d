"""The plan: every treatment still needed once a round, in an order that only the seed decides."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from experiment.claims import A_A
from experiment.model import Measurability

if TYPE_CHECKING:
    from collections.abc import Iterable

    from experiment.model import Claim, Treatment


def treatments_for(claims: Iterable[Claim], *, with_aa: bool = True) -> tuple[Treatment, ...]:
    """Return every treatment the claims need, each once, the A/A pair included, in the claims' order."""
    wanted = [t for claim in claims if claim.measurability is Measurability.MEASURABLE for t in claim.treatments]
    pair = list(A_A.treatments) if with_aa else []
    return tuple(dict.fromkeys([*wanted, *pair]))


def plan_round(treatments: Iterable[Treatment], *, seed: int, round_number: int) -> tuple[Treatment, ...]:
    """Return one round: each treatment once, in an order that seed and round alone decide.

    Works are shuffled, and the treatments within a work: treatment and baseline of a comparison then run within a
    minute of each other, and a machine whose speed swings over minutes spoils their ratio less. Treatments are sorted
    before they are shuffled, so that the order in which claims were named does not matter.
    """
    source = random.Random(f"{seed}:{round_number}")  # noqa: S311 - a reproducible order, not a secret
    blocks: dict[str, list[Treatment]] = {}
    for treatment in sorted(set(treatments), key=lambda t: t.id):
        blocks.setdefault(treatment.variant.partition(".")[0], []).append(treatment)
    order = list(blocks.values())
    source.shuffle(order)
    for block in order:
        source.shuffle(block)
    return tuple(treatment for block in order for treatment in block)


def trial_id(number: int) -> str:
    """Return the id of the n-th trial of a campaign."""
    return f"t{number:04d}"
