"""The profiles: which claims a campaign judges, and its time limit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from experiment.design.claims import ARTICLE, CLAIMS
from experiment.design.loads import LOADS
from experiment.design.model import Load

FOLKLORE_CLAIMS = tuple(name for name in CLAIMS if name.startswith("B"))
ARTICLE_CLAIMS = tuple(claim.id for claim in CLAIMS.values() if claim.source.startswith(ARTICLE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A set of claims with a budget. Budgets are in seconds."""

    name: str
    summary: str
    claims: tuple[str, ...]
    budget_s: float
    max_rounds: int
    time_scale: float = 1.0  # shortens warm-up and window; with any value but 1 the results are not evidence
    is_smoke: bool = False

    def load(self, load_id: str) -> Load:
        """Return a load with this profile's warm-up and window."""
        load = LOADS[load_id]
        return replace(load, warmup_s=load.warmup_s * self.time_scale, window_s=load.window_s * self.time_scale)


PROFILES: Mapping[str, Profile] = {
    p.name: p
    for p in (
        Profile(
            name="article",
            summary="every statement of the article that load can test",
            claims=ARTICLE_CLAIMS,
            budget_s=400.0,
            max_rounds=20,
        ),
        Profile(
            name="folklore",
            summary="what talks, docs and issues say about FastAPI's speed",
            claims=FOLKLORE_CLAIMS,
            budget_s=2700.0,
            max_rounds=20,
        ),
        Profile(
            name="open",
            summary="what a closed load hides: the same stall under a closed and an open load",
            claims=("B27",),
            budget_s=180.0,
            max_rounds=12,
        ),
        Profile(
            name="full",
            summary="everything this version can judge",
            claims=tuple(CLAIMS),
            budget_s=900.0,
            max_rounds=20,
        ),
        Profile(
            name="sweep",
            summary="no claim: goodput against the offered rate or the number of users (`bench sweep`)",
            claims=(),
            budget_s=600.0,
            max_rounds=3,
        ),
        Profile(
            name="smoke",
            summary="the same pipeline in about a minute; its verdicts are not evidence",
            claims=("A1", "A3", "A4", "A5", "A6", "A8", "A20", "A21"),
            budget_s=60.0,
            max_rounds=3,
            time_scale=0.4,
            is_smoke=True,
        ),
    )
}
