"""What this machine or version cannot serve, and why: variants without a database, servers that cannot be started."""

import os
from collections.abc import Iterable, Sequence

from bench_app.catalogue import CATALOGUE
from bench_app.registry import Resource
from experiment.design.model import Claim, Treatment
from experiment.design.plan import treatments_for
from harness.postgres.server import Unavailable, availability
from harness.trial.launch import unfit


def given_database() -> str | None:
    """Return the database that the user names, or None for our own."""
    return os.environ.get("BENCH_DATABASE_URL") or None


def missing_variants(claims: Sequence[Claim]) -> dict[str, str]:
    """Return the variants and treatments of claims that cannot be served here, each with the reason.

    Raises EnvironmentUnfitError when the user names a database that cannot be used.
    """
    planned = treatments_for(claims)
    return missing_for(dict.fromkeys(t.variant for t in planned)) | missing_servers(planned)


def missing_servers(treatments: Iterable[Treatment]) -> dict[str, str]:
    """Return the treatments, by id, whose server cannot be started here, each with the reason."""
    reasons = {
        t.id: unfit(t.server, CATALOGUE[t.variant].imports if t.variant in CATALOGUE else ()) for t in treatments
    }
    return {name: reason for name, reason in reasons.items() if reason is not None}


def missing_for(named: Iterable[str]) -> dict[str, str]:
    """Return which of these variants cannot be served here, each with the reason. Raises like `missing_variants`."""
    named = list(named)
    missing = {v: f"{v} is not in this version's catalogue" for v in named if v not in CATALOGUE}
    wants_database = [v for v in named if v in CATALOGUE and Resource.DATABASE in CATALOGUE[v].needs]
    if wants_database:
        found = availability(given_database())
        if isinstance(found, Unavailable):
            missing |= dict.fromkeys(wants_database, f"{found.reason}. {found.cure}")
    return missing
