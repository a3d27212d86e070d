"""A campaign's folder read into memory: tidy tables, records, judged claims.

Size depends on the number of trials, not of requests: the durations are histograms, and those are merged per treatment
while they are read, so that a campaign of ten million requests costs no more memory than one of ten thousand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.stats.judge import judge_all, judge_comparison
from analysis.stats.results import ClaimResult, ComparisonResult
from analysis.stats.rule import RULES
from analysis.wording.names import parse_variant
from bench_app.styles import ASYNC_BLOCKING, ASYNC_OFFLOAD, DEF
from bench_app.works import WORKS, Bound
from experiment.design.claims import A_A
from experiment.design.metrics import CPU_PER_REQUEST, GOODPUT, NORMALIZED_CPU_PER_REQUEST
from experiment.design.model import Claim, Comparison, Load, Treatment
from experiment.errors import StoreError
from experiment.records.histogram import Histogram
from experiment.records.manifest import Manifest
from experiment.records.store import MANIFEST, CampaignFolder
from experiment.records.tables import trial_records
from experiment.records.trial import LEAST_ANSWERS, Series, TrialRecord
from experiment.theory.ceilings import MachineCosts

if TYPE_CHECKING:
    import pandas as pd

COSTS = (CPU_PER_REQUEST, NORMALIZED_CPU_PER_REQUEST)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Campaign:
    """A campaign, judged by the claims in its own manifest. Compared by identity, so that tables can be kept.

    `frame` and `trials` are the same rows: the table for whoever counts, the records for whoever judges. Beside the
    columns of trials.csv the table has `work`, `style`, `tool` and `is_valid`.
    """

    folder: CampaignFolder
    manifest: Manifest
    frame: pd.DataFrame
    trials: tuple[TrialRecord, ...]
    treatments: Mapping[str, Treatment]
    claims: tuple[Claim, ...]
    loads: Mapping[str, Load]
    skipped: Mapping[str, str]
    results: tuple[ClaimResult, ...]
    aa: ComparisonResult
    costs: MachineCosts

    @property
    def name(self) -> str:
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
    def short_path(self) -> str:
        """Where it lies, relative to the folder of all results, since paths differ between machines."""
        path = self.folder.path.resolve()
        return f"{path.parent.name}/{path.name}"

    @property
    def redraw_command(self) -> str:
        return f"bench report {self.short_path}"


def load_campaign(path: Path) -> Campaign:
    """Read a campaign and judge it; raises StoreError when there is none, or one of another format."""
    folder = CampaignFolder(path)
    manifest = folder.manifest()
    refuse_unknown(manifest, path)
    frame = _with_names(folder.planned_frame(manifest))
    trials = tuple(trial_records(frame))
    claims, skipped, alpha, rule = manifest.asked(), manifest.skipped, manifest.alpha, RULES[manifest.judge]
    return Campaign(
        folder=folder,
        manifest=manifest,
        frame=frame,
        trials=trials,
        treatments={t.id: t for t in manifest.planned()},
        claims=claims,
        loads=manifest.loads,
        skipped=skipped,
        results=judge_all(claims, trials, skipped=skipped, alpha=alpha, rule=rule),
        aa=judge_comparison(_aa(frame), trials, alpha=alpha, parts=1, rule=rule.two_sided),
        costs=machine_costs(manifest, frame),
    )


def refuse_unknown(manifest: Manifest, path: Path) -> None:
    """Raise StoreError for a plan with a variant that this version cannot place."""
    asked = (t for claim in manifest.asked() for t in claim.treatments)
    for variant in dict.fromkeys(t.variant for t in (*manifest.planned(), *asked)):
        try:
            parse_variant(variant)
        except StoreError as error:
            raise StoreError(f"{path / MANIFEST}: {error}") from None


def _with_names(frame: pd.DataFrame) -> pd.DataFrame:
    names = frame["variant"].map(parse_variant)
    return frame.assign(
        work=[name.work.name for name in names],
        style=[name.style.name for name in names],
        tool=[name.tool for name in names],
        is_valid=frame["rules"].isna(),
    )


def _aa(frame: pd.DataFrame) -> Comparison:
    """Return the A/A pair; of a campaign older than the yardstick by the goodput as it was measured."""
    return A_A if frame["yardstick_us"].notna().any() else replace(A_A, metric=GOODPUT)


def valid_trials(campaign: Campaign) -> pd.DataFrame:
    """Return the rows that figures are made of; where a trial had too few answers, without the CPU time of one."""
    valid = campaign.frame[campaign.frame["is_valid"]]
    enough = valid["answers"] >= LEAST_ANSWERS
    return valid.assign(**{metric.name: valid[metric.name].where(enough) for metric in COSTS})


@lru_cache(maxsize=2)
def seconds_frame(campaign: Campaign) -> pd.DataFrame:
    """Return one row a second of every trial's window, with the trial's treatment, round and validity beside it."""
    trials = campaign.frame[["trial_id", "treatment", "round", "is_valid"]]
    return campaign.folder.seconds_frame().merge(trials, on="trial_id")


@lru_cache(maxsize=2)
def response_histograms(campaign: Campaign) -> Mapping[str, Histogram]:
    """Return each treatment's response times, merged over its valid trials bucket by bucket."""
    groups = {t.trial_id: t.treatment for t in campaign.trials if t.is_valid}
    return campaign.folder.merged_histograms(Series.RESPONSE, groups)


def machine_costs(manifest: Manifest, frame: pd.DataFrame) -> MachineCosts:
    """Return what the ceilings are computed from: the campaign's settings, and medians of its own valid trials.

    Loop and hop are those of a saturated core on the default server. At a moderate rate the core sleeps in between, and
    a request costs more than the least that a ceiling needs.
    """
    settings = {name: value for name, value in manifest.settings.items() if value}
    saturated = _cpu_s(frame, by="treatment")
    loop, pooled = (saturated.get(f"noop.{style}@closed-20") for style in ("async-native", "def"))
    return MachineCosts(
        loop_cpu_s=loop,
        hop_cpu_s=None if loop is None or pooled is None else pooled - loop,
        work_cpu_s=_work_cpu_s(_cpu_s(frame, by="variant")),
        waits_s=settings,
        db_pool_size=int(settings.get("db_pool_size", 0)),
        cores=manifest.host.cores or 1,
        thread_tokens=int(settings.get("thread_tokens", 40)),
    )


def _cpu_s(frame: pd.DataFrame, *, by: str) -> dict[str, float]:
    """Return the median CPU seconds of a request in valid trials, by variant or treatment."""
    cpu_us = frame[frame["is_valid"]].groupby(by)[CPU_PER_REQUEST.name].median().dropna()
    return {str(name): float(us) / 1e6 for name, us in cpu_us.items()}


def _work_cpu_s(cpu_s: Mapping[str, float]) -> dict[str, float]:
    """Return the CPU of a request of each work that the CPU bounds.

    A blocking handler does one at a time, so its CPU has the least switching between threads in it.
    """
    found: dict[str, float] = {}
    for work in (w.name for w in WORKS.values() if w.bound in (Bound.CPU, Bound.CPU_WITHOUT_GIL)):
        variants = [f"{work}.{style.name}" for style in (ASYNC_BLOCKING, DEF, ASYNC_OFFLOAD)]
        known = [cpu_s[variant] for variant in variants if variant in cpu_s]
        found |= {work: known[0]} if known else {}
    return found
