"""The report of a campaign: one HTML file that needs nothing beside it, the same as Markdown, and verdicts.csv.

All of it is made again from the raw data at any time; nothing here is read back as data.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from math import isinf
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from analysis.charts import Chart
from analysis.drawing.pages import page_environment
from analysis.reading import sentences
from analysis.reading.campaign import Campaign
from analysis.report.table import TableView
from analysis.report.view import AnswerView, FigureView, report_view
from analysis.stats.results import ClaimResult, ComparisonResult
from analysis.wording import markdown, words
from analysis.wording.printable import one_line
from experiment.records.store import VERDICTS, write_table
from experiment.records.writing import write_whole

REPORT_HTML, REPORT_MD = "report.html", "report.md"
VERDICT_COLUMNS = (
    "claim",
    "slug",
    "verdict",
    "comparison",
    "comparison_verdict",
    "treatment",
    "baseline",
    "metric",
    "expected_low",
    "expected_high",
    "n",
    "effect",
    "low",
    "high",
    "level",
    "alpha",
    "is_floor",
    "reason",
)


def write_report(campaign: Campaign, charts: Sequence[Chart]) -> list[Path]:
    """Write report.html and report.md into the campaign's folder and return their paths.

    The page takes verdicts.csv and the charts' CSVs into itself, so those are written before.
    """
    view = report_view(campaign, charts)
    paths = [campaign.folder.path / name for name in (REPORT_HTML, REPORT_MD)]
    for path in paths:
        write_whole(path, _template(path.name).render(report=view))
    return paths


def write_verdicts_csv(campaign: Campaign) -> Path:
    """Write one row a comparison (one a claim without any) into verdicts.csv; an open end is an empty cell."""
    path = campaign.folder.path / VERDICTS
    rows = [row for result in campaign.results for row in _verdict_rows(result)]
    write_table(path, VERDICT_COLUMNS, rows)
    return path


def verdict_table_markdown(campaign: Campaign) -> str:
    """Return the verdicts as a Markdown table for a README: short enough to be read in a row."""
    rows = [_readme_row(result) for result in campaign.results]
    if campaign.aa.estimate.effect is not None:
        said = sentences.comparison(campaign.aa)
        noise = ("A/A", "Two identical routes: the noise floor", words.NOT_MEASURED)
        rows.append((*noise, sentences.short(campaign.aa), said.expected))
    return markdown.table(("claim", "statement", "verdict", "found (interval)", "expected"), rows)


def _readme_row(result: ClaimResult) -> tuple[str, ...]:
    found = "; ".join(sentences.short(c) for c in result.comparisons) or result.reason
    expected = "; ".join(dict.fromkeys(sentences.comparison(c).expected for c in result.comparisons))
    verdict = sentences.VERDICT_WORDS[result.verdict].lower()
    return result.claim.id, result.claim.statement, verdict, found, expected


def _verdict_rows(result: ClaimResult) -> Iterable[Sequence[Any]]:
    claim = result.claim
    start = (claim.id, claim.slug, result.verdict.value)
    if not result.comparisons:
        yield (*start, *[None] * (len(VERDICT_COLUMNS) - len(start) - 1), result.reason)
    for index, judged in enumerate(result.comparisons, start=1):
        yield (*start, index, *_comparison_cells(judged), result.reason)


def _comparison_cells(judged: ComparisonResult) -> Sequence[Any]:
    asked, found = judged.comparison, judged.estimate
    return (
        judged.verdict.value,
        asked.treatment.id,
        asked.baseline.id if asked.baseline else None,
        asked.metric.name,
        asked.expected.low,
        None if isinf(asked.expected.high) else asked.expected.high,
        found.n,
        found.effect,
        found.low,
        None if isinf(found.high) else found.high,
        None if judged.alpha is None else 1 - found.alpha,
        judged.alpha,
        found.is_floor,
    )


@cache
def _template(page: str) -> Template:
    """Return a page's template. Whatever it places is escaped there for its medium, unless it is markup already."""
    if page == REPORT_HTML:
        return page_environment("analysis.report").get_template(f"{page}.j2")
    environment = Environment(
        loader=PackageLoader("analysis.report"),
        autoescape=False,  # noqa: S701 - Markdown has its own escaping, by what finalizes each value
        finalize=_for_markdown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"table": _table, "answers": _answers, "picture": _picture, "one_line": _one_line}
    return environment.get_template(f"{page}.j2")


def _for_markdown(value: Any) -> Any:
    return markdown.line(value) if isinstance(value, str) and not isinstance(value, markdown.Markdown) else value


def _one_line(text: str) -> markdown.Markdown:
    """Return a text for a block of code, which a new line would end."""
    return markdown.Markdown(one_line(text))


def _table(view: TableView) -> markdown.Markdown:
    rows = [(row.id, *(row.cells[name] for name in view.columns)) for row in view.rows]
    return markdown.table((view.key, *view.columns), rows)


def _answers(answers: Sequence[AnswerView]) -> markdown.Markdown:
    rows = [(f"{a.claim.id} {a.claim.slug}", a.claim.statement, a.word.lower(), a.found) for a in answers]
    return markdown.table(("claim", "statement", "verdict", "found"), rows)


def _picture(view: FigureView) -> markdown.Markdown:
    return markdown.link(view.chart.title, view.href(".png"))
