"""A page of docs for each claim: who says so, why it may be so, what was registered, what a campaign found."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from analysis.reading import sentences
from analysis.reading.campaign import Campaign
from analysis.reading.facts import machine
from analysis.report.numbers import numbers_of
from analysis.report.table import works_of_claim
from analysis.stats.results import ClaimResult, ComparisonResult
from analysis.wording import markdown, words
from experiment.design.loads import LOADS
from experiment.design.metrics import (
    BYSTANDER_P50,
    BYSTANDER_P99,
    CPU_PER_REQUEST,
    MAKESPAN,
    NORMALIZED_CPU_PER_REQUEST,
    RESPONSE_P50,
    RESPONSE_P99,
    Metric,
)
from experiment.design.model import Claim

NOT_MEASURED = "not measured yet"
_COSTS = (CPU_PER_REQUEST, NORMALIZED_CPU_PER_REQUEST)
_CHARTS: tuple[tuple[tuple[Metric, ...], str], ...] = (
    ((MAKESPAN,), "demo-{load}"),
    ((BYSTANDER_P50, BYSTANDER_P99), "bystander-{work}"),
    ((RESPONSE_P50, RESPONSE_P99), "percentiles-{work}"),
    (_COSTS, "cost-{work}"),
)
"""Which chart shows a metric; goodput by style shows all others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a committed campaign found about a claim. `charts` are the names of those of its charts that are kept."""

    campaign: Campaign
    result: ClaimResult
    charts: frozenset[str]

    @property
    def folder(self) -> str:
        return f"results/{self.campaign.folder.path.name}"

    @property
    def verdict(self) -> str:
        return sentences.VERDICT_WORDS[self.result.verdict].lower()


def came_out(measured: Measured | None) -> str:
    """Return a claim's verdict with its figures, or that it was not measured."""
    if measured is None:
        return NOT_MEASURED
    figures = "; ".join(sentences.short(judged) for judged in measured.result.comparisons)
    return f"{measured.verdict}: {figures}" if figures else measured.verdict


def loads_of(claim: Claim) -> str:
    """Return the loads of a claim in words, each once; those of older claims that have gone by their ids."""
    ids = dict.fromkeys(treatment.load for treatment in claim.treatments)
    return "; ".join(dict.fromkeys(words.load(LOADS[name]) if name in LOADS else name for name in ids))


def claim_page(claim: Claim, measured: Measured | None, *, made_by: str, bench: str) -> str:
    """Return the page; `made_by` is the command that writes it, `bench` how a reader calls ours."""
    parts = (
        f"# {claim.id} {claim.slug}",
        ended(claim.statement),
        f"**{sentence(came_out(measured) if claim.is_measurable else 'not measurable')}**",
        *_section("Who says so", ended(f"From {claim.source}")),
        *_section("Why", ended(claim.note)),
        *_section("What would refute it", ended(f"It is refuted if {claim.refuted_by}") if claim.refuted_by else ""),
        *_section("Registered", _registered(claim)),
        *_section("Measured", _found(claim, measured)),
        *_section("Measure it", f"    {bench} claim {claim.id}" if claim.is_measurable else ""),
        f"Made from the table of claims and the committed campaigns by `{made_by}`; do not edit it.",
        "[All claims](../claims.md), [the folklore](../folklore.md).",
    )
    return "\n\n".join(filter(None, parts)) + "\n"


def sentence(text: str) -> markdown.Markdown:
    """Return a text of ours as a sentence of its own: with a capital letter and a full stop. Empty stays empty."""
    return ended(words.upper_first(text.strip()))


def ended(text: str) -> markdown.Markdown:
    """Return a text of the table with a full stop. Its first letter stays, since it may be that of a library's name."""
    return markdown.line(text if text.endswith((".", "?", "!")) or not text else f"{text}.")


def _section(heading: str, text: str) -> Iterator[str]:
    if text:
        yield f"## {heading}"
        yield text


def _registered(claim: Claim) -> str:
    """Return what is judged, with its limits; what stands beside it; and the loads."""
    if not claim.is_measurable:
        return ""
    head = ("number", "expected", "scatter of one pair")
    rows = [
        (sentences.asked(c), sentences.expectation(c), f"{c.scatter:g}" if c.scatter else words.NOT_MEASURED)
        for c in claim.comparisons
    ]
    beside = [f"- beside it, not judged: {markdown.line(sentences.asked(c))}" for c in claim.beside]
    loads = [f"- {markdown.code(name)}: {_load(name)}" for name in dict.fromkeys(t.load for t in claim.treatments)]
    return "\n".join([markdown.table(head, rows), *loads, *beside]).rstrip()


def _load(name: str) -> str:
    load = LOADS[name]
    warm_up, window = words.setting_duration(load.warmup_s), words.setting_duration(load.window_s)
    usual = replace(load, window_s=1.0)  # whose words do not name the window
    return f"{words.load(usual)}; warm-up {warm_up}, window {window}"


def _found(claim: Claim, measured: Measured | None) -> str:
    if not claim.is_measurable:
        return ""
    if measured is None:
        return f"{words.upper_first(NOT_MEASURED)} by a campaign that is committed here."
    campaign, result = measured.campaign, measured.result
    head = ("number", "treatment", "baseline", "found (interval)", "n", "verdict")
    parts = [
        _where(measured),
        "" if _is_same(result.claim, claim) else _OTHER_TABLE.format(measured.folder),
        markdown.table(head, [_row(campaign, judged) for judged in result.comparisons]).rstrip(),
        sentence(f"Why not decided: {result.reason}") if result.reason else "",
        "\n".join(f"- beside it, not judged: {markdown.line(sentences.beside(b))}" for b in result.beside),
        _chart(measured),
    ]
    return "\n\n".join(filter(None, parts))


def _is_same(one: Claim, other: Claim) -> bool:
    """Return whether two versions of a claim ask the same, within the same limits."""
    first, second = (
        [(c.treatment, c.baseline, c.metric, c.expected) for c in claim.comparisons] for claim in (one, other)
    )
    return first == second


_OTHER_TABLE = (
    "The table of claims asks something else since. What is found here is held against what that campaign registered, "
    "which [its report](../../{}/report.md) has."
)


def _where(measured: Measured) -> str:
    campaign = measured.campaign
    python = campaign.manifest.host.python
    place = ", ".join([machine(campaign), *([f"Python {python}"] if python else [])])
    link = markdown.link(campaign.name, f"../../{measured.folder}/report.md")
    return f"Campaign {link}, {markdown.line(place)}. Treatment and baseline are medians of valid trials."


def _row(campaign: Campaign, judged: ComparisonResult) -> tuple[str, ...]:
    numbers = numbers_of(campaign, judged)
    return (
        sentences.asked(judged.comparison),
        numbers.treated,
        numbers.base,
        sentences.short(judged),
        str(judged.estimate.n),
        sentences.VERDICT_WORDS[judged.verdict].lower(),
    )


def _chart(measured: Measured) -> str:
    """Return the first chart of what is judged that the campaign's folder keeps; nothing without one."""
    names = chain.from_iterable(map(_charts_of, measured.result.comparisons))
    kept = next((name for name in names if name in measured.charts), None)
    if kept is None:
        return ""
    shown = works_of_claim(measured.result.claim)
    return f"![{kept}: {words.listing(list(shown))}](../../{measured.folder}/charts/{kept}.svg)"


def _charts_of(judged: ComparisonResult) -> Iterator[str]:
    asked = judged.comparison
    name = next((name for metrics, name in _CHARTS if asked.metric in metrics), "goodput-{work}")
    work = asked.treatment.variant.partition(".")[0]
    for each in dict.fromkeys((name, "goodput-{work}")):
        yield each.format(load=asked.treatment.load, work=work)
