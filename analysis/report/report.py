"""The report of a campaign: one HTML file that needs nothing beside it, the same as Markdown, and verdicts.csv.

All of it is made again from the raw data at any time; nothing here is read back as data.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from math import isinf
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from analysis.charts import Chart
from analysis.reading import sentences
from analysis.reading.campaign import Campaign
from analysis.report.view import report_view
from analysis.stats.results import ClaimResult, ComparisonResult
from analysis.wording import markdown, words
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
    """Write report.html and report.md into the campaign's folder and return their paths."""
    view = report_view(campaign, charts)
    paths = [campaign.folder.path / name for name in (REPORT_HTML, REPORT_MD)]
    for path in paths:
        write_whole(path, _templates().get_template(f"{path.name}.j2").render(report=view))
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
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("analysis.report"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["md"] = markdown.cell
    return environment
