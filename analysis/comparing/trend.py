"""The ratios of several campaigns in the order of time: each treatment's to its baseline, as the campaign judged it.

A ratio belongs to one campaign, in which both sides were measured in the same rounds. So ratios may stand beside each
other wherever they were measured, but a line from one to the next says that the same thing was asked twice. Two
campaigns are therefore of one series only if their machines are alike (analysis/reading/environment.py), what the
driver and the settings did is the same, and the version of the claims, the format and the app are the same. Another
Python and other packages part nothing: what they change is what a trend is there to show.

Campaigns over an app of the user's have ratios, too: a change over the app as it is, one version over the other.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from analysis.comparing.reproduction import has_interval
from analysis.reading.environment import NOT_RECORDED, Topic, differences, obstacles
from analysis.reading.facts import host_text
from analysis.stats.judge import judge_all
from analysis.stats.results import ClaimResult, ComparisonResult
from analysis.stats.rule import RULES
from analysis.wording import words
from experiment.design.model import Comparison
from experiment.errors import StoreError, UsageError
from experiment.records.app_record import APP, read_app_record
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder

_LEAST_CAMPAIGNS = 2
_MOST_REASONS = 3  # that are said why two campaigns are not joined


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedCampaign:
    """A campaign as a trend needs it. `app` is empty for one of ours; `series` numbers those that a line may join."""

    manifest: Manifest
    format: int
    app: str
    results: tuple[ClaimResult, ...]
    started: datetime | None
    series: int = 0

    @property
    def name(self) -> str:
        return self.manifest.campaign

    @property
    def is_smoke(self) -> bool:
        return self.manifest.profile is not None and self.manifest.profile.is_smoke

    @property
    def when(self) -> str:
        """When it began, in UTC: `2026-11-25 04:00`."""
        return NOT_RECORDED if self.started is None else f"{self.started:%Y-%m-%d %H:%M}"

    @property
    def place(self) -> str:
        """What is the same in all campaigns of its series, in short."""
        about = self.app or f"claims version {self.manifest.claims_version}"
        return f"{host_text(self.manifest.host)}; {about}; format {self.format}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A ratio in one campaign: its place in the order of time, the series it belongs to, and what was found."""

    place: int
    series: int
    result: ComparisonResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """One treatment's ratio to its baseline in every campaign that has it, the oldest first."""

    claim: str
    slug: str
    comparison: Comparison  # as the newest campaign registered it
    points: tuple[Point, ...]

    def of_series(self, series: int) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.series == series)

    @property
    def is_moved(self) -> bool:
        """Whether two intervals of one series have no common point: neighbours', or the oldest's and the newest's."""
        return any(_are_apart(*pair) for pair in self._pairs())

    def _pairs(self) -> Iterator[tuple[Point, Point]]:
        for series in dict.fromkeys(point.series for point in self.points):
            mine = self.of_series(series)
            yield from pairwise(mine)
            yield mine[0], mine[-1]  # a slow drift shows in no pair of neighbours


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Campaigns in the order of time, and their ratios. `parted` says why series are not joined."""

    campaigns: tuple[JudgedCampaign, ...]
    ratios: tuple[Ratio, ...]
    parted: tuple[str, ...]

    @property
    def moved(self) -> tuple[Ratio, ...]:
        return tuple(ratio for ratio in self.ratios if ratio.is_moved)


def read_judged(path: Path) -> JudgedCampaign:
    """Read a campaign of ours or over an app, and judge it by its own manifest. Raises StoreError for anything else."""
    folder = CampaignFolder(path)
    manifest = folder.manifest()
    return JudgedCampaign(
        manifest=manifest,
        format=folder.format_version(),
        app=_app(path),
        results=judge_all(
            manifest.asked(),
            folder.trials(),
            skipped=manifest.skipped,
            alpha=manifest.alpha,
            rule=RULES[manifest.judge],
        ),
        started=_time(manifest.started_at, path),
    )


def trend(campaigns: Iterable[JudgedCampaign], claims: Collection[str] = ()) -> Trend:
    """Set the ratios of campaigns beside each other; `claims`, by id or slug, choose some.

    Raises UsageError where there are no two campaigns, where one is there twice, where none has a claim that was named,
    and where no ratio is left.
    """
    ordered = tuple(sorted(campaigns, key=lambda c: (c.started or datetime.min.replace(tzinfo=UTC), c.name)))
    _refuse_too_few(ordered)
    numbered, parted = _in_series(ordered)
    _refuse_unknown(ordered, claims)
    ratios = tuple(_ratios(numbered, {claim.casefold() for claim in claims}))
    if not ratios:
        raise UsageError("there is nothing to show: no such claim is about a ratio with valid trials on both sides.")
    return Trend(campaigns=numbered, ratios=ratios, parted=parted)


def _refuse_too_few(campaigns: Sequence[JudgedCampaign]) -> None:
    if len(campaigns) < _LEAST_CAMPAIGNS:
        raise UsageError("a trend needs at least two campaigns; name their folders.")
    starts = [(campaign.name, campaign.manifest.started_at) for campaign in campaigns]
    twice = next((start for start in starts if starts.count(start) > 1), None)
    if twice is not None:
        raise UsageError(f"the campaign {twice[0]} is there twice; name each folder once.")


def _refuse_unknown(campaigns: Sequence[JudgedCampaign], claims: Collection[str]) -> None:
    known = [result.claim for campaign in campaigns for result in campaign.results]
    names = {name.casefold() for claim in known for name in (claim.id, claim.slug)}
    unknown = [claim for claim in claims if claim.casefold() not in names]
    if unknown:
        ids = words.listing(list(dict.fromkeys(claim.id for claim in known)))
        raise UsageError(f"none of these campaigns has the claim {words.listing(unknown)}; they have {ids}.")


def _app(path: Path) -> str:
    if not (path / APP).exists():
        return ""
    versions = read_app_record(path).versions
    return versions[0].target if versions else "an app"


def _time(text: str | None, path: Path) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise StoreError(f"{path}: its manifest has no time in started_at.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _in_series(campaigns: Sequence[JudgedCampaign]) -> tuple[tuple[JudgedCampaign, ...], tuple[str, ...]]:
    """Give each campaign the number of the first series whose oldest campaign a line may join it with."""
    oldest: list[JudgedCampaign] = []
    numbered, parted = [], []
    for campaign in campaigns:
        reasons = [what_parts(first, campaign) for first in oldest]
        series = next((number for number, found in enumerate(reasons) if not found), len(oldest))
        if series == len(oldest):
            nearest = min(zip(oldest, reasons, strict=True), key=lambda pair: len(pair[1]), default=None)
            parted += [f"{nearest[0].name} and {campaign.name}: {_said(nearest[1])}"] if nearest else []
            oldest.append(campaign)
        numbered.append(replace(campaign, series=series))
    return tuple(numbered), tuple(parted)


def what_parts(a: JudgedCampaign, b: JudgedCampaign) -> tuple[str, ...]:
    """Return why no line may join the two; nothing where one may."""
    facts = {
        "claims, version": (a.manifest.claims_version, b.manifest.claims_version),
        "format": (a.format, b.format),
        "app": (a.app or "our own", b.app or "our own"),
    }
    own = [f"{name}: {one} / {other}" for name, (one, other) in facts.items() if one != other]
    others = [d.text for d in obstacles(differences(a.manifest, b.manifest)) if d.topic is not Topic.PYTHON]
    return (*own, *others)


def _said(reasons: Sequence[str]) -> str:
    more = [f"and {len(reasons) - _MOST_REASONS} more"] if len(reasons) > _MOST_REASONS else []
    return "; ".join([*reasons[:_MOST_REASONS], *more])


_Key = tuple[str, str, str, str]


def _ratios(campaigns: Sequence[JudgedCampaign], claims: Collection[str]) -> Iterator[Ratio]:
    points: dict[_Key, list[Point]] = {}
    slugs: dict[_Key, str] = {}
    for place, campaign in enumerate(campaigns):
        for result in campaign.results:
            if claims and not {result.claim.id.casefold(), result.claim.slug.casefold()} & set(claims):
                continue
            for judged in result.comparisons:
                if judged.comparison.is_ratio and judged.estimate.effect is not None:
                    key = _key(result, judged.comparison)
                    points.setdefault(key, []).append(Point(place=place, series=campaign.series, result=judged))
                    slugs[key] = result.claim.slug
    for key, found in points.items():
        comparison = found[-1].result.comparison
        yield Ratio(claim=key[0], slug=slugs[key], comparison=comparison, points=tuple(found))


def _key(result: ClaimResult, comparison: Comparison) -> _Key:
    baseline = comparison.baseline.id if comparison.baseline else ""
    return result.claim.id, comparison.treatment.id, baseline, comparison.metric.name


def _are_apart(one: Point, other: Point) -> bool:
    a, b = one.result.estimate, other.result.estimate
    return has_interval(a) and has_interval(b) and a.interval.disjoint(b.interval)
