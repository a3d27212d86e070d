"""What a report says, prepared: every sentence, table cell and picture, so that the templates only place them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from analysis.drawing.style import DARK, LIGHT, recoloured
from analysis.drawing.svg import inline
from analysis.reading import sentences
from analysis.reading.alarms import alarms
from analysis.reading.provenance import provenance
from analysis.reading.summary import rows_of, summarise, treatment_ceiling, works
from analysis.report.database_table import database_rows
from analysis.report.report_tables import (
    claims_on_treatment,
    claims_on_work,
    error_rows,
    theory_rows,
    use_rows,
    works_of_claim,
)
from analysis.wording import words
from analysis.wording.names import parse_variant, treatment_label
from experiment.design.metrics import (
    BYSTANDER_P50,
    BYSTANDER_P99,
    CPU_PER_REQUEST,
    GOODPUT,
    LOOP_LAG_P99,
    MAKESPAN,
    RESPONSE_P50,
    RESPONSE_P99,
    TOKENS_PEAK,
    Metric,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from analysis.charts import DrawnChart
    from analysis.reading.campaign import Campaign
    from analysis.report.database_table import DatabaseView
    from analysis.report.report_tables import ErrorView, TheoryView, UseView
    from analysis.stats.results import ClaimResult
    from experiment.design.model import Treatment

SMOKE_TEXT = (
    "Smoke run: not evidence. Warm-ups and windows were cut short to show that the pipeline works; "
    "its verdicts and figures say nothing about the handler styles."
)
_FOREST, _COST, _ORDER = "verdicts", "cost", "order"
_OWN_CHAPTER = (_FOREST, _COST, _ORDER)
_COLUMNS: tuple[tuple[str, Metric], ...] = (
    ("goodput", GOODPUT),
    ("time until all answered", MAKESPAN),
    ("response p50", RESPONSE_P50),
    ("response p99", RESPONSE_P99),
    ("bystander p50", BYSTANDER_P50),
    ("bystander p99", BYSTANDER_P99),
    ("loop lag p99", LOOP_LAG_P99),
    ("SUT CPU a request", CPU_PER_REQUEST),
    ("tokens peak", TOKENS_PEAK),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """One comparison of a claim: what was compared, what was found, what had been registered."""

    asked: str
    found: str
    expected: str
    verdict: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """One claim with its answer: `sentence` begins with the verdict, `found` goes on without it."""

    id: str
    slug: str
    statement: str
    source: str
    note: str
    verdict: str
    sign: str
    css: str
    sentence: str
    found: str
    works: tuple[str, ...]
    command: str
    comparisons: tuple[ComparisonView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureView:
    """One chart: the drawing itself for HTML, and where its files lie beside the report."""

    name: str
    work: str
    title: str
    caption: str
    alt: str
    svg: Markup
    svg_href: str
    png_href: str
    csv_href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkView:
    """A work's chapter; `claims` are the ids of those that rest on it."""

    id: str
    work: str
    claims: str
    heading: str
    figures: tuple[FigureView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreatmentView:
    """A row of the table of treatments; `cells` follow `ReportView.columns`."""

    id: str
    work: str
    claims: str
    label: str
    load: str
    trials: str
    ceiling: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidView:
    """A trial that was thrown out, and why."""

    trial: str
    treatment: str
    work: str
    claims: str
    round: int
    rules: str
    reasons: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """The whole report."""

    campaign: str
    smoke: str
    tally: str
    badge: str
    is_clean: bool
    alarms: tuple[str, ...]
    noise: str
    multiplicity: str
    answers: tuple[AnswerView, ...]
    forest: tuple[FigureView, ...]
    matrix: tuple[FigureView, ...]
    works: tuple[WorkView, ...]
    cost: tuple[FigureView, ...]
    theory: tuple[TheoryView, ...]
    use: tuple[UseView, ...]
    database: tuple[DatabaseView, ...]
    order: tuple[FigureView, ...]
    errors: tuple[ErrorView, ...]
    columns: tuple[str, ...]
    treatments: tuple[TreatmentView, ...]
    invalid: tuple[InvalidView, ...]
    skipped: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    packages: tuple[tuple[str, str], ...]
    run_command: str
    redraw_command: str
    light: Mapping[str, str]
    dark: Mapping[str, str]


def report_view(campaign: Campaign, charts: Sequence[DrawnChart]) -> ReportView:
    """Prepare a report; the charts' files must lie below the campaign's folder."""
    figures = [(chart, _figure(campaign, chart)) for chart in charts]
    valid = sum(t.is_valid for t in campaign.trials)
    return ReportView(
        campaign=campaign.name,
        smoke=SMOKE_TEXT if campaign.is_smoke else "",
        tally=sentences.tally(campaign),
        badge=_badge(valid, len(campaign.trials) - valid),
        is_clean=valid == len(campaign.trials) > 0,
        alarms=alarms(campaign),
        noise=_unbroken(sentences.noise(campaign)),
        multiplicity=sentences.multiplicity(campaign),
        answers=tuple(answer_view(result) for result in campaign.results),
        forest=tuple(view for chart, view in figures if chart.kind == _FOREST),
        matrix=tuple(view for chart, view in figures if not chart.work and chart.kind not in _OWN_CHAPTER),
        works=tuple(_work_views(campaign, figures)),
        cost=tuple(view for chart, view in figures if chart.kind == _COST),
        theory=theory_rows(campaign),
        use=use_rows(campaign),
        database=database_rows(campaign),
        order=tuple(view for chart, view in figures if chart.kind == _ORDER),
        errors=error_rows(campaign),
        columns=tuple(name for name, _ in _COLUMNS),
        treatments=tuple(_treatments(campaign)),
        invalid=tuple(_invalid(campaign)),
        skipped=tuple(sorted(campaign.skipped.items())),
        facts=tuple(provenance(campaign.manifest)),
        packages=tuple(sorted(campaign.manifest.packages.items())),
        run_command=campaign.manifest.command or "not recorded",
        redraw_command=campaign.redraw_command,
        light=LIGHT.tokens(),
        dark=DARK.tokens(),
    )


def answer_view(result: ClaimResult) -> AnswerView:
    """Return a claim with its answer in words."""
    claim, sentence = result.claim, sentences.answer(result)
    verdict = sentences.VERDICT_WORDS[result.verdict]
    return AnswerView(
        id=claim.id,
        slug=claim.slug,
        statement=claim.statement,
        source=claim.source,
        note=claim.note if result.reason != claim.note else "",
        verdict=verdict,
        sign=sentences.VERDICT_SIGNS[result.verdict],
        css=result.verdict.value,
        sentence=sentence,
        found=_unbroken(sentence.removeprefix(f"{verdict}: ")),
        works=works_of_claim(claim),
        command=f"bench claim {claim.id}" if claim.comparisons else "",
        comparisons=tuple(_comparisons(result)),
    )


def _unbroken(text: str) -> str:
    """Keep `n = 4` on one line."""
    return text.replace("n = ", "n\u00a0=\u00a0")


def _comparisons(result: ClaimResult) -> Iterable[ComparisonView]:
    for judged in result.comparisons:
        said, asked = sentences.comparison(judged), judged.comparison
        baseline = f" / {asked.baseline.id}" if asked.baseline else ""
        yield ComparisonView(
            asked=f"{asked.metric.label} of {asked.treatment.id}{baseline}",
            found=said.found,
            expected=said.expected,
            verdict=sentences.VERDICT_WORDS[said.verdict].lower(),
        )


def _badge(valid: int, invalid: int) -> str:
    if not valid + invalid:
        return "No trial was finished"
    if not invalid:
        return f"All {words.plural(valid, 'trial')} valid"
    verb = "was" if invalid == 1 else "were"
    return f"{words.plural(valid, 'valid trial')}; {invalid} {verb} invalid and left out"


def _figure(campaign: Campaign, chart: DrawnChart) -> FigureView:
    variables = {token: f"var(--{token})" for token in LIGHT.tokens()}
    svg = inline(chart.svg, prefix=chart.name, label=str(escape(chart.alt)))
    root = campaign.folder.path
    return FigureView(
        name=chart.name,
        work=chart.work,
        title=chart.title,
        caption=chart.caption,
        alt=chart.alt,
        svg=Markup(recoloured(svg, variables)),  # noqa: S704 - our own drawing; its label is escaped above
        svg_href=chart.file(".svg").relative_to(root).as_posix(),
        png_href=chart.file(".png").relative_to(root).as_posix(),
        csv_href=chart.file(".csv").relative_to(root).as_posix(),
    )


def _work_views(campaign: Campaign, figures: Sequence[tuple[DrawnChart, FigureView]]) -> Iterable[WorkView]:
    for work in works(campaign):
        mine = tuple(view for chart, view in figures if chart.work == work.name and chart.kind not in _OWN_CHAPTER)
        if mine:
            yield WorkView(
                id=f"work-{work.name}",
                work=work.name,
                claims=claims_on_work(campaign, work),
                heading=work.heading,
                figures=mine,
            )


def _treatments(campaign: Campaign) -> Iterable[TreatmentView]:
    for work in works(campaign):
        for row in rows_of(campaign, work):
            yield _treatment(campaign, row.treatment)


def _treatment(campaign: Campaign, treatment: Treatment) -> TreatmentView:
    mine = [t for t in campaign.trials if t.treatment == treatment.id]
    limit = treatment_ceiling(campaign, treatment)
    return TreatmentView(
        id=treatment.id,
        work=parse_variant(treatment.variant).work.name,
        claims=claims_on_treatment(campaign, treatment.id),
        label=treatment_label(treatment),
        load=treatment.load,
        trials=f"{sum(t.is_valid for t in mine)} of {len(mine)}",
        ceiling=f"{words.rate(limit.goodput_rps)} ({limit.decided_by})" if limit else words.NOT_MEASURED,
        cells=tuple(_cell(campaign, treatment.id, metric) for _, metric in _COLUMNS),
    )


def _cell(campaign: Campaign, treatment: str, metric: Metric) -> str:
    value = summarise(campaign, treatment, metric)
    if value is None:
        return words.NOT_MEASURED
    return ("≥ " if value.is_floor else "") + words.metric_value(metric, value.median)


def _invalid(campaign: Campaign) -> Iterable[InvalidView]:
    for trial in campaign.trials:
        if not trial.is_valid:
            yield InvalidView(
                trial=trial.trial_id,
                treatment=trial.treatment,
                work=parse_variant(trial.variant).work.name,
                claims=claims_on_treatment(campaign, trial.treatment),
                round=trial.round,
                rules=", ".join(trial.rules),
                reasons=trial.reasons,
            )
