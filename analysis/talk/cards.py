"""What stands on the cards of a talk: words and numbers, no drawing."""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.reading import sentences
from analysis.reading.campaign import Campaign
from analysis.reading.facts import machine
from analysis.reading.summary import Summary, summarise
from analysis.stats.results import ClaimResult, ComparisonResult, Verdict
from analysis.wording import words
from analysis.wording.names import parse_variant, treatment_label
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
    """One claim for the stage."""

    result: ClaimResult
    numbers: tuple[BigNumber, ...]
    bars: tuple[CardBar, ...]
    bars_heading: str
    ratios: tuple[ComparisonResult, ...]
    structures: tuple[ComparisonResult, ...]

    @property
    def word(self) -> str:
        """The verdict in a word, its sign before it."""
        verdict = self.result.verdict
        return f"{sentences.VERDICT_SIGNS[verdict]} {sentences.VERDICT_WORDS[verdict]}"

    @property
    def reason(self) -> str:
        """Why there are no numbers, where there are none."""
        return self.result.reason or self.result.claim.note or "nothing of it was measured"

    @property
    def command(self) -> str:
        """What measures the claim again, or nothing where that would not help."""
        return "" if self.result.verdict in _NOT_JUDGED else f"bench claim {self.result.claim.id}"


def title_lines(campaign: Campaign) -> tuple[str, ...]:
    """Return where the deck's numbers come from, and how far they can be trusted."""
    packages, python = campaign.manifest.packages, campaign.manifest.host.python
    versions = [f"{name} {packages[name]}" for name in ("fastapi", "uvicorn") if name in packages]
    return (
        f"Campaign {campaign.name}, {words.plural(len(campaign.trials), 'trial')}",
        ", ".join([machine(campaign), *([f"Python {python}"] if python else []), *versions]),
        sentences.noise(campaign),
    )


def claim_card(campaign: Campaign, result: ClaimResult) -> Card:
    measured = [c for c in result.comparisons if c.estimate.effect is not None]
    ratios = tuple(c for c in measured if c.comparison.is_ratio)
    return Card(
        result=result,
        numbers=tuple(_number(c) for c in measured),
        bars=tuple(_bars(campaign, ratios)),
        bars_heading=_heading(campaign, ratios),
        ratios=ratios,
        structures=tuple(c for c in measured if not c.comparison.is_ratio),
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
    middle = "median of" if asked.is_structural else "mean of"
    interval = f"{'in each of' if found.low == found.high else middle} {words.plural(found.n, 'trial')}"
    return BigNumber(value=words.metric_value(asked.metric, effect), of=of, interval=interval, expected=expected)


def _pair(result: ComparisonResult) -> str:
    asked = result.comparison
    baseline = asked.baseline or asked.treatment
    treated, base = treatment_label(asked.treatment), treatment_label(baseline)
    if asked.treatment.load != baseline.load:
        treated, base = f"{treated} {asked.treatment.load}", f"{base} {baseline.load}"
    return f"{asked.metric.short_label}, {treated} / {base}"


def _bars(campaign: Campaign, ratios: tuple[ComparisonResult, ...]) -> Iterator[CardBar]:
    """Yield the compared values, each treatment once; none where two metrics would share an axis."""
    metrics = {c.comparison.metric for c in ratios}
    treatments = dict.fromkeys(t for c in ratios for t in c.comparison.treatments)
    several_works = len({parse_variant(t.variant).work for t in treatments}) > 1
    several_loads = len({t.load for t in treatments}) > 1
    for treatment in treatments if len(metrics) == 1 else ():
        (metric,) = metrics
        if value := summarise(campaign, treatment.id, metric):
            label = _bar_label(treatment, several_works=several_works)
            yield CardBar(
                label=f"{label}, {words.load(campaign.loads[treatment.load])}" if several_loads else label,
                style=parse_variant(treatment.variant).style,
                value=value,
                text=("≥ " if value.is_floor else "") + words.metric_value(metric, value.median),
            )


def _bar_label(treatment: Treatment, *, several_works: bool) -> str:
    name, label = parse_variant(treatment.variant), treatment_label(treatment)
    if several_works:
        return f"{name.work.name}: {label}"
    return f"{label} ({name.style.name})" if label.startswith("/") else label


def _heading(campaign: Campaign, ratios: tuple[ComparisonResult, ...]) -> str:
    if not ratios:
        return ""
    loads = dict.fromkeys(t.load for c in ratios for t in c.comparison.treatments)
    metric = words.upper_first(ratios[0].comparison.metric.label)
    return metric if len(loads) > 1 else f"{metric} · {words.load(campaign.loads[next(iter(loads))])}"
