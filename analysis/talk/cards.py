"""What stands on the cards of a talk: one card a claim, and one that opens the deck. Words and numbers, no drawing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from analysis.reading import sentences
from analysis.reading.facts import machine
from analysis.reading.summary import summarise
from analysis.stats.results import Verdict
from analysis.wording import words
from analysis.wording.names import parse_variant, treatment_label

if TYPE_CHECKING:
    from analysis.reading.campaign import Campaign
    from analysis.reading.summary import Summary
    from analysis.stats.results import ClaimResult, ComparisonResult
    from bench_app.styles import Style
    from experiment.design.model import Treatment

_NOT_JUDGED = (Verdict.SKIPPED, Verdict.NOT_MEASURABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BigNumber:
    """The number a card is about; `of` says which comparison it belongs to."""

    value: str
    of: str
    interval: str
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardBar:
    """One of the values that were compared."""

    label: str
    style: Style
    value: Summary
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One claim for the stage. Without `numbers`, `reason` says why there are none."""

    id: str
    title: str
    statement: str
    source: str
    verdict: Verdict
    numbers: tuple[BigNumber, ...]
    bars: tuple[CardBar, ...]
    bars_heading: str
    ratios: tuple[ComparisonResult, ...]
    structures: tuple[ComparisonResult, ...]
    reason: str
    command: str

    @property
    def word(self) -> str:
        """The verdict in a word, its sign before it."""
        return f"{sentences.VERDICT_SIGNS[self.verdict]} {sentences.VERDICT_WORDS[self.verdict]}"

    @property
    def alt(self) -> str:
        """The card for those who cannot see it."""
        found = "; ".join(f"{n.value} {n.of}, {n.interval}, expected {n.expected}" for n in self.numbers)
        return f"{self.id}: {self.statement}. {self.word}. {found or self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleCard:
    """What opens the deck."""

    title: str
    counts: tuple[tuple[Verdict, int], ...]
    lines: tuple[str, ...]
    command: str

    @property
    def alt(self) -> str:
        """The card for those who cannot see it."""
        return f"{self.title}. {' '.join(self.lines)}"


def title_card(campaign: Campaign) -> TitleCard:
    """Return the card that opens the deck: the tally, and where its numbers come from."""
    manifest = campaign.manifest
    packages, python = manifest.packages, manifest.host.python
    versions = [f"{name} {packages[name]}" for name in ("fastapi", "uvicorn") if name in packages]
    counts = ((verdict, sum(r.verdict is verdict for r in campaign.results)) for verdict in Verdict)
    return TitleCard(
        title=sentences.tally(campaign),
        counts=tuple((verdict, count) for verdict, count in counts if count),
        lines=(
            f"Campaign {campaign.name}, {words.plural(len(campaign.trials), 'trial')}",
            ", ".join([machine(campaign), *([f"Python {python}"] if python else []), *versions]),
            sentences.noise(campaign),
        ),
        command=manifest.command or campaign.redraw_command,
    )


def claim_card(campaign: Campaign, result: ClaimResult) -> Card:
    """Return the card of one claim."""
    claim = result.claim
    told = [c for c in result.comparisons if c.estimate.effect is not None]
    ratios = tuple(c for c in told if c.comparison.is_ratio)
    return Card(
        id=claim.id,
        title=claim.slug.replace("-", " "),
        statement=claim.statement,
        source=claim.source,
        verdict=result.verdict,
        numbers=tuple(_number(c) for c in told),
        bars=tuple(_bars(campaign, ratios)),
        bars_heading=_heading(campaign, ratios),
        ratios=ratios,
        structures=tuple(c for c in told if not c.comparison.is_ratio),
        reason=result.reason or claim.note or "nothing of it was measured",
        command="" if result.verdict in _NOT_JUDGED else f"bench claim {claim.id}",
    )


def _number(result: ComparisonResult) -> BigNumber:
    asked, found = result.comparison, result.estimate
    expected = words.expected(asked.metric, asked.expected, is_ratio=asked.is_ratio)
    effect = found.effect or 0.0
    if asked.is_ratio:
        value = f"{'≥ ' if found.is_floor else ''}{words.times(effect)}"
        interval = f"{words.span(found.interval)}, {words.plural(found.n, 'round')}"
        return BigNumber(value=value, of=_pair(result), interval=interval, expected=expected)
    of = f"{asked.metric.label}, {parse_variant(asked.treatment.variant).phrase}"
    interval = f"{'in each of' if found.low == found.high else 'median of'} {words.plural(found.n, 'trial')}"
    return BigNumber(value=words.metric_value(asked.metric, effect), of=of, interval=interval, expected=expected)


def _pair(result: ComparisonResult) -> str:
    asked = result.comparison
    baseline = asked.baseline or asked.treatment
    treated, base = treatment_label(asked.treatment), treatment_label(baseline)
    if asked.treatment.load != baseline.load:
        treated, base = f"{treated} {asked.treatment.load}", f"{base} {baseline.load}"
    return f"{asked.metric.short_label}, {treated} / {base}"


def _bars(campaign: Campaign, ratios: tuple[ComparisonResult, ...]) -> list[CardBar]:
    """Return the compared values, each treatment once; none where two metrics would share an axis."""
    metrics = {c.comparison.metric for c in ratios}
    if len(metrics) != 1:
        return []
    metric = metrics.pop()
    treatments = list(dict.fromkeys(t for c in ratios for t in c.comparison.treatments))
    several = len({parse_variant(t.variant).work for t in treatments}) > 1
    many_loads = len({t.load for t in treatments}) > 1
    bars = []
    for treatment in treatments:
        value = summarise(campaign, treatment.id, metric)
        if value is not None:
            text = ("≥ " if value.is_floor else "") + words.metric_value(metric, value.median)
            style = parse_variant(treatment.variant).style
            label = _bar_label(treatment, several=several)
            if many_loads:
                label += f", {words.load(campaign.loads[treatment.load])}"
            bars.append(CardBar(label=label, style=style, value=value, text=text))
    return bars


def _bar_label(treatment: Treatment, *, several: bool) -> str:
    name = parse_variant(treatment.variant)
    label = treatment_label(treatment)
    if several:
        return f"{name.work.name}: {label}"
    return f"{label} ({name.style.name})" if label.startswith("/") else label


def _heading(campaign: Campaign, ratios: tuple[ComparisonResult, ...]) -> str:
    """Return metric and load of the bars."""
    if not ratios:
        return ""
    loads = dict.fromkeys(t.load for c in ratios for t in c.comparison.treatments)
    metric = words.upper_first(ratios[0].comparison.metric.label)
    return metric if len(loads) > 1 else f"{metric} · {words.load(campaign.loads[next(iter(loads))])}"
