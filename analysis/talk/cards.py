"""What stands on the cards of a talk: words and numbers, no drawing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from analysis.drawing.shades import shade
from analysis.reading import sentences
from analysis.reading.campaign import Campaign
from analysis.reading.facts import machine
from analysis.reading.summary import Summary, summarise
from analysis.stats.results import ClaimResult, ComparisonResult, Verdict
from analysis.wording import ratios, words
from analysis.wording.names import parse_variant
from bench_app.styles import Style
from experiment.design.metrics import Unit
from experiment.design.model import Claim, Comparison, Interval, Treatment

_SHOWN = (Verdict.SUPPORTED, Verdict.REFUTED)
"""The verdicts a speaker can show; a claim without one gets no card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardBar:
    """One of the values that were compared, in a shade of its style; `expected` is what the claim allows it, if any.

    `name` is what an audience must read, `details` what tells it from others of the card: a tool, a server, a load.
    """

    name: str
    details: str
    style: Style
    colour: str
    value: Summary
    text: str
    expected: Interval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """One comparison: what was found in large words, what it is compared with, the interval, and the bars beside it."""

    said: str
    compared_with: str
    interval: str
    expected: str
    heading: str
    bars: tuple[CardBar, ...]
    whole: float = 0.0  # what the axis shows at least: of a share everything


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One claim for the stage, decided."""

    result: ClaimResult
    rows: tuple[CardRow, ...]

    @property
    def word(self) -> str:
        """The verdict in a word, its sign before it."""
        verdict = self.result.verdict
        return f"{sentences.VERDICT_SIGNS[verdict]} {sentences.VERDICT_WORDS[verdict]}"

    @property
    def heading(self) -> str:
        claim = self.result.claim
        return f"{claim.id} · {claim.source}"

    @property
    def command(self) -> str:
        """What measures the claim again."""
        return f"bench claim {self.result.claim.id}"


def decided(results: Iterable[ClaimResult]) -> tuple[ClaimResult, ...]:
    """Return the claims a speaker can show: those that were supported or refuted."""
    return tuple(result for result in results if result.verdict in _SHOWN)


def left_out(results: Iterable[ClaimResult]) -> str:
    """Say in one line which claims get no card and why, or nothing if all do."""
    order = list(Verdict)
    others = sorted((r for r in results if r.verdict not in _SHOWN), key=lambda r: order.index(r.verdict))
    groups = groupby(others, key=lambda r: r.verdict)
    said = [f"{', '.join(r.claim.id for r in group)} ({sentences.VERDICT_WORDS[v].lower()})" for v, group in groups]
    return f"no card without a verdict: {'; '.join(said)}" if said else ""


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
    """Return the card of a decided claim, a row a comparison."""
    several = len(result.comparisons) > 1
    return Card(result=result, rows=tuple(_row(campaign, result.claim, c, several=several) for c in result.comparisons))


def _row(campaign: Campaign, claim: Claim, result: ComparisonResult, *, several: bool) -> CardRow:
    asked, found = result.comparison, result.estimate
    wanted = ratios.expected_ratio if asked.is_ratio else ratios.expected_value
    sign = f"{sentences.VERDICT_SIGNS[result.verdict]} " if several else ""
    said = _said(result)
    return CardRow(
        said=said.said,
        compared_with=f"{said.link} {_phrase(asked.baseline, asked.treatment)}" if asked.baseline and said.link else "",
        interval=f"{said.interval}, {words.plural(found.n, 'round')}"
        if asked.is_ratio and said.link
        else said.interval,
        expected=f"{sign}expected: {wanted(asked.metric, asked.expected)}",
        heading=_heading(campaign, asked),
        bars=tuple(_bars(campaign, claim, asked)),
        whole=1.0 if asked.metric.unit is Unit.SHARE else 0.0,
    )


def _said(result: ComparisonResult) -> ratios.SaidRatio:
    """Say what one comparison found: a ratio, or a value with the number of its trials."""
    asked, found = result.comparison, result.estimate
    if found.effect is None:
        return ratios.SaidRatio(said=ratios.NO_FIGURE, link="", interval="not measured on both sides in any round")
    if asked.is_ratio:
        return ratios.say_ratio(asked.metric, found.effect, found.interval, is_floor=found.is_floor)
    trials = words.plural(found.n, "trial")
    if asked.is_structural and found.low == found.high:
        interval = f"in each of {trials}"
    else:
        interval = f"{ratios.value_span(asked.metric, found.interval)}, {trials}"
    return ratios.SaidRatio(said=ratios.value(asked.metric, found.effect), link="", interval=interval)


def _phrase(treatment: Treatment, other: Treatment) -> str:
    """Return a baseline after "than": its style, and what else tells it from a treatment of the same style."""
    name, details = _names(treatment)
    if treatment.load != other.load:
        details.append(treatment.load)
    return f"{name} · {', '.join(details)}" if details and name == _names(other)[0] else name


def _names(treatment: Treatment) -> tuple[str, list[str]]:
    """Return what a bar is called, and what tells it from others."""
    variant = parse_variant(treatment.variant)
    style, tool = variant.style.name, variant.tool
    server = [treatment.server.words] if treatment.server.words else []
    if tool and variant.label.startswith("/"):  # the demo's routes are what its audience knows
        return variant.label, [style, *server]
    return style, [*([tool] if tool else []), *server]


def _bars(campaign: Campaign, claim: Claim, asked: Comparison) -> Iterator[CardBar]:
    """Yield a bar a side, the treatment's first; that shows what the claim allows it."""
    values = [(t, summarise(campaign, t.id, asked.metric)) for t in asked.treatments]
    known = [(treatment, value) for treatment, value in values if value is not None]
    base = known[-1][1].median if asked.is_ratio and len(known) == len(asked.treatments) else None
    for treatment, value in known:
        variant = parse_variant(treatment.variant)
        name, details = _names(treatment)
        yield CardBar(
            name=name,
            details=", ".join([*_work(claim, treatment), *details, *_load(campaign, asked, treatment)]),
            style=variant.style,
            colour=shade(variant.style, variant.tool),
            value=value,
            text=("≥ " if value.is_floor else "") + ratios.bar_value(asked.metric, value.median),
            expected=_allowed(asked, base) if treatment == asked.treatment else None,
        )


def _allowed(asked: Comparison, base: float | None) -> Interval | None:
    """Return what the claim allows the treatment, in the metric's unit."""
    if not asked.is_ratio:
        return asked.expected
    return Interval(asked.expected.low * base, asked.expected.high * base) if base else None


def _work(claim: Claim, treatment: Treatment) -> Sequence[str]:
    works = {parse_variant(t.variant).work for t in claim.treatments}
    return [parse_variant(treatment.variant).work.name] if len(works) > 1 else []


def _load(campaign: Campaign, asked: Comparison, treatment: Treatment) -> Sequence[str]:
    differ = len({t.load for t in asked.treatments}) > 1
    return [words.load(campaign.loads[treatment.load])] if differ else []


def _heading(campaign: Campaign, asked: Comparison) -> str:
    """Return the metric, and the load if both sides have the same."""
    metric = words.upper_first(asked.metric.label)
    if len({t.load for t in asked.treatments}) > 1:
        return metric
    return f"{metric} · {words.load(campaign.loads[asked.treatment.load])}"
