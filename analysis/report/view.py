"""What a report says, prepared: every sentence, table cell and picture, so that the templates only place them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from analysis.charts import Chart
from analysis.drawing.canvas import Spot
from analysis.drawing.style import LIGHT, recoloured
from analysis.drawing.svg import inline
from analysis.reading import sentences
from analysis.reading.alarms import alarms
from analysis.reading.campaign import Campaign
from analysis.reading.provenance import provenance
from analysis.reading.summary import works
from analysis.report.advice import AdviceView, advice, headline
from analysis.report.database_table import database_table
from analysis.report.details_table import details_table
from analysis.report.downloads import Download, data_url, downloads
from analysis.report.matrix_table import MatrixView, matrix_table
from analysis.report.over_time import over_time
from analysis.report.percentiles_table import percentiles_table
from analysis.report.report_tables import TABLES
from analysis.report.table import TableView, claims_on_work, works_of_claim
from analysis.stats.results import ClaimResult, ComparisonResult, Verdict
from analysis.wording import words
from analysis.wording.printable import one_line
from experiment.design.model import Claim

SMOKE_TEXT = (
    "Smoke run: not evidence. Warm-ups and windows were cut short to show that the pipeline works; "
    "its verdicts and figures say nothing about the handler styles."
)
_FOREST, _COST, _ORDER = "verdicts", "cost", "order"
_OWN_CHAPTER = (_FOREST, _COST, _ORDER)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """One claim with its answer: `word` and `sign` are the verdict, `found` the rest of the sentence.

    `name` is the claim in a few words, `figures` what was found in few signs.
    """

    claim: Claim
    name: str
    figures: str
    verdict: Verdict
    word: str
    sign: str
    note: str
    found: str
    works: tuple[str, ...]
    comparisons: tuple[str, ...]
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureView:
    """One chart: its files, and the drawing itself for HTML.

    `numbers` is a link with the chart's CSV in it, `spots` the values a reader can point at, as JSON.
    """

    chart: Chart
    svg: Markup
    numbers: str
    spots: str
    root: Path

    def href(self, ending: str) -> str:
        """Return a file of the chart, such as the one that ends in `.png`, as seen from the report."""
        return self.chart.file(ending).relative_to(self.root).as_posix()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkView:
    """A work's chapter; `claims` are the ids of those that rest on it, `found` what its first chart is headed by."""

    work: str
    claims: str
    heading: str
    found: str
    figures: tuple[FigureView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportView:
    """The whole report; `tables` are those of TABLES, of the database, the details and the percentiles, by name.

    `answers` are the claims that load can decide, `others` those it cannot; only the former are counted.
    """

    campaign: str
    headline: str
    advice: tuple[AdviceView, ...]
    matrix: MatrixView
    smoke: str
    tally: str
    badge: str
    is_clean: bool
    alarms: tuple[str, ...]
    noise: str
    multiplicity: str
    answers: tuple[AnswerView, ...]
    others: tuple[AnswerView, ...]
    forest: tuple[FigureView, ...]
    styles: tuple[FigureView, ...]
    works: tuple[WorkView, ...]
    cost: tuple[FigureView, ...]
    order: tuple[FigureView, ...]
    over_time: Mapping[str, Any] | None
    downloads: tuple[Download, ...]
    tables: Mapping[str, TableView]
    facts: tuple[tuple[str, str], ...]
    packages: tuple[tuple[str, str], ...]
    run_command: str
    redraw_command: str
    has_details: bool

    @property
    def all_answers(self) -> tuple[AnswerView, ...]:
        return self.answers + self.others


def report_view(campaign: Campaign, charts: Sequence[Chart]) -> ReportView:
    """Prepare a report; the charts' files must lie below the campaign's folder."""
    figures = [_figure(campaign, chart) for chart in charts]
    valid = sum(t.is_valid for t in campaign.trials)
    return ReportView(
        campaign=campaign.name,
        headline=headline(campaign),
        advice=advice(campaign),
        matrix=matrix_table(campaign),
        smoke=SMOKE_TEXT if campaign.is_smoke else "",
        tally=sentences.tally(campaign),
        badge=_badge(valid, len(campaign.trials) - valid),
        is_clean=valid == len(campaign.trials) > 0,
        alarms=alarms(campaign),
        noise=_unbroken(sentences.noise(campaign)),
        multiplicity=sentences.multiplicity(campaign),
        answers=tuple(_answer(result) for result in campaign.results if result.claim.is_measurable),
        others=tuple(_answer(result) for result in campaign.results if not result.claim.is_measurable),
        forest=_of_kind(figures, _FOREST),
        styles=tuple(f for f in figures if not f.chart.work and f.chart.kind not in _OWN_CHAPTER),
        works=tuple(_work_views(campaign, figures)),
        cost=_of_kind(figures, _COST),
        order=_of_kind(figures, _ORDER),
        over_time=over_time(campaign),
        downloads=downloads(campaign),
        tables={name: table(campaign) for name, table in _TABLES.items()},
        facts=tuple(provenance(campaign.manifest)),
        packages=tuple(sorted(campaign.manifest.packages.items())),
        run_command=campaign.manifest.command or "not recorded",
        redraw_command=campaign.redraw_command,
        has_details=any(result.claim.refuted_by or result.beside for result in campaign.results),
    )


_TABLES = {**TABLES, "database": database_table, "details": details_table, "percentiles": percentiles_table}


def _answer(result: ClaimResult) -> AnswerView:
    claim = result.claim
    return AnswerView(
        claim=claim,
        name=claim.slug.replace("-", " "),
        figures="; ".join(sentences.short(c) for c in result.comparisons if c.estimate.effect is not None),
        verdict=result.verdict,
        word=sentences.VERDICT_WORDS[result.verdict],
        sign=sentences.VERDICT_SIGNS[result.verdict],
        note=claim.note if result.reason != claim.note else "",
        found=_unbroken(sentences.finding(result)),
        works=works_of_claim(claim),
        comparisons=tuple(map(_expectation, result.comparisons)),
        beside=tuple(_unbroken(sentences.beside(shown)) for shown in result.beside),
    )


def _unbroken(text: str) -> str:
    """Keep `n = 4` on one line."""
    return text.replace("n = ", "n\u00a0=\u00a0")


def _expectation(result: ComparisonResult) -> str:
    """Say what had been registered of a comparison, and what became of it."""
    verdict = sentences.VERDICT_WORDS[result.verdict].lower()
    expected = sentences.expectation(result.comparison)
    return f"{sentences.asked(result.comparison)}: expected {expected}, {verdict}"


def _badge(valid: int, invalid: int) -> str:
    if not valid + invalid:
        return "No trial was finished"
    if not invalid:
        return f"All {words.plural(valid, 'trial')} valid"
    verb = "was" if invalid == 1 else "were"
    return f"{words.plural(valid, 'valid trial')}; {invalid} {verb} invalid and left out"


def _figure(campaign: Campaign, chart: Chart) -> FigureView:
    variables = {token: f"var(--{token})" for token in LIGHT.tokens()}
    label = one_line(f"{chart.alt.rstrip('. ')}. {chart.caption}")
    svg = inline(chart.svg, prefix=chart.name, label=str(escape(label)))
    drawing = Markup(recoloured(svg, variables))  # noqa: S704 - our own drawing; its label is escaped above
    numbers, spots = data_url(chart.file(".csv")), _spots(chart.spots)
    return FigureView(chart=chart, svg=drawing, numbers=numbers, spots=spots, root=campaign.folder.path)


def _spots(spots: Sequence[Spot]) -> str:
    """Return them as JSON: whose values they are, each name once, and [its place there, x, y, text] of each."""
    names = list(dict.fromkeys(spot.of for spot in spots))
    places = {name: place for place, name in enumerate(names)}
    points = [[places[spot.of], spot.x, spot.y, one_line(spot.text)] for spot in spots]
    return json.dumps({"of": [one_line(name) for name in names], "points": points}, separators=(",", ":"))


def _of_kind(figures: Sequence[FigureView], kind: str) -> tuple[FigureView, ...]:
    return tuple(f for f in figures if f.chart.kind == kind)


def _work_views(campaign: Campaign, figures: Sequence[FigureView]) -> Iterable[WorkView]:
    for work in works(campaign):
        mine = tuple(f for f in figures if f.chart.work == work.name and f.chart.kind not in _OWN_CHAPTER)
        if mine:
            yield WorkView(
                work=work.name,
                claims=claims_on_work(campaign, work),
                heading=work.heading,
                found=mine[0].chart.title,
                figures=mine,
            )
