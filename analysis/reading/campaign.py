"""A campaign's folder read into memory: records, judged claims, and tidy tables.

Size depends on the number of trials, not of requests: the durations are histograms, and those are merged per treatment
while they are read, so that a campaign of ten million requests costs no more memory than one of ten thousand.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from statistics import median
from typing import TYPE_CHECKING, Any

import pandas as pd

from analysis.stats.judge import judge_all, judge_comparison
from analysis.wording.names import parse_variant
from bench_app.styles import ASYNC_BLOCKING, ASYNC_OFFLOAD, DEF
from bench_app.works import WORKS, Bound
from experiment.design.claims import A_A
from experiment.design.metrics import GOODPUT
from experiment.records.store import CampaignFolder
from experiment.records.trial import METRIC_FIELDS, Series
from experiment.theory.ceilings import MachineCosts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from analysis.stats.results import ClaimResult, ComparisonResult
    from experiment.design.model import Claim, Comparison, Load, Treatment
    from experiment.records.histogram import Histogram
    from experiment.records.manifest import Manifest
    from experiment.records.trial import TrialRecord


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Campaign:
    """A campaign, judged by the claims in its own manifest. Compared by identity, so that tables can be kept."""

    folder: CampaignFolder
    manifest: Manifest
    trials: tuple[TrialRecord, ...]
    treatments: Mapping[str, Treatment]
    claims: tuple[Claim, ...]
    loads: Mapping[str, Load]
    skipped: Mapping[str, str]
    results: tuple[ClaimResult, ...]
    aa: ComparisonResult
    costs: MachineCosts
    frame: pd.DataFrame

    @property
    def name(self) -> str:
        """The campaign's id."""
        return self.manifest.campaign

    @property
    def alpha(self) -> float:
        """The level every interval of this campaign was registered with."""
        return self.manifest.alpha

    @property
    def is_smoke(self) -> bool:
        """Whether it only shows that the pipeline works."""
        return self.manifest.profile is not None and self.manifest.profile.is_smoke

    @property
    def redraw_command(self) -> str:
        """The command that makes report and charts again; relative, since paths differ between machines."""
        path = self.folder.path.resolve()
        return f"bench report {path.parent.name}/{path.name}"


def load_campaign(path: Path) -> Campaign:
    """Read a campaign and judge it; raises StoreError when there is none, or one of another format."""
    folder = CampaignFolder.open(path)
    manifest = folder.manifest()
    trials = tuple(folder.trials())
    claims, skipped, alpha = manifest.asked(), manifest.skipped, manifest.alpha
    return Campaign(
        folder=folder,
        manifest=manifest,
        trials=trials,
        treatments={t.id: t for t in manifest.planned()},
        claims=claims,
        loads=manifest.loads,
        skipped=skipped,
        results=judge_all(claims, trials, skipped=skipped, alpha=alpha),
        aa=judge_comparison(_aa(trials), trials, alpha=alpha, parts=1),
        costs=machine_costs(manifest, trials),
        frame=trials_frame(trials),
    )


def _aa(trials: Iterable[TrialRecord]) -> Comparison:
    """Return the A/A pair; of a campaign older than the yardstick by the goodput as it was measured."""
    has_yardstick = any(t.metrics.yardstick_us is not None for t in trials)
    return A_A if has_yardstick else replace(A_A, metric=GOODPUT)


def trials_frame(trials: Iterable[TrialRecord]) -> pd.DataFrame:
    """Return one row a trial: its place in the plan, its variant taken apart, and every metric (NaN: not measured)."""
    rows = [_trial_row(t) for t in trials]
    columns = [*_PLACE, "work", "style", "tool", "is_valid", "rules", *METRIC_FIELDS]
    return pd.DataFrame(rows, columns=columns)


_PLACE = (
    "trial_id",
    "round",
    "position",
    "attempt",
    "treatment",
    "variant",
    "load",
    "started_at",
    "duration_s",
    "reasons",
)


def _trial_row(trial: TrialRecord) -> dict[str, Any]:
    name = parse_variant(trial.variant)
    return {
        **{column: getattr(trial, column) for column in _PLACE},
        "work": name.work.name,
        "style": name.style.name,
        "tool": name.tool,
        "is_valid": trial.is_valid,
        "rules": " ".join(trial.rules),
        **asdict(trial.metrics),
    }


@lru_cache(maxsize=2)
def seconds_frame(campaign: Campaign) -> pd.DataFrame:
    """Return one row a second of every trial's window, with the trial's treatment, round and validity beside it."""
    of = {t.trial_id: t for t in campaign.trials}
    rows = [
        {
            "trial_id": trial_id,
            "treatment": of[trial_id].treatment,
            "round": of[trial_id].round,
            "is_valid": of[trial_id].is_valid,
            **asdict(second),
        }
        for trial_id, seconds in campaign.folder.seconds().items()
        for second in seconds
    ]
    return pd.DataFrame(rows)


@lru_cache(maxsize=2)
def response_histograms(campaign: Campaign) -> Mapping[str, Histogram]:
    """Return each treatment's response times, merged over its valid trials bucket by bucket."""
    groups = {t.trial_id: t.treatment for t in campaign.trials if t.is_valid}
    return campaign.folder.merged_histograms(Series.RESPONSE, groups)


def machine_costs(manifest: Manifest, trials: Iterable[TrialRecord]) -> MachineCosts:
    """Return what the ceilings are computed from: the campaign's settings, and medians of its own valid trials."""
    settings = {name: value for name, value in manifest.settings.items() if value}
    valid = [t for t in trials if t.is_valid]
    loop, pooled = _cpu_s(valid, "noop.async-native"), _cpu_s(valid, "noop.def")
    return MachineCosts(
        loop_cpu_s=loop,
        hop_cpu_s=None if loop is None or pooled is None else pooled - loop,
        work_cpu_s=_work_cpu_s(valid),
        waits_s=settings,
        db_pool_size=int(settings.get("db_pool_size", 0)),
        cores=manifest.host.cores or 1,
        thread_tokens=int(settings.get("thread_tokens", 40)),
    )


def _work_cpu_s(valid: Sequence[TrialRecord]) -> dict[str, float]:
    """Return the CPU of a request of each work that the CPU bounds.

    A blocking handler does one at a time, so its CPU has the least switching between threads in it.
    """
    found: dict[str, float] = {}
    for work in (w.name for w in WORKS.values() if w.bound is Bound.CPU):
        costs = (_cpu_s(valid, f"{work}.{s.name}") for s in (ASYNC_BLOCKING, DEF, ASYNC_OFFLOAD))
        known = next((cost for cost in costs if cost is not None), None)
        if known is not None:
            found[work] = known
    return found


def _cpu_s(trials: Iterable[TrialRecord], variant: str) -> float | None:
    costs = [t.metrics.sut_cpu_us_per_request for t in trials if t.variant == variant]
    known = [c for c in costs if c is not None]
    return median(known) / 1e6 if known else None
