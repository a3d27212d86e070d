"""Verdicts as a forest plot: every comparison with its interval, what was expected of it, and the noise floor."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import isinf
from typing import TYPE_CHECKING

from matplotlib.ticker import FixedLocator, FuncFormatter

from analysis.charts.registry import chart
from analysis.drawing.canvas import Picture
from analysis.drawing.interval import draw_interval, marker_look
from analysis.drawing.style import SMALL, shortened, wrapped
from analysis.reading import sentences
from analysis.reading.facts import machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from analysis.drawing.canvas import Canvas
    from analysis.reading.campaign import Campaign
    from analysis.stats.results import ClaimResult, ComparisonResult, Verdict
    from experiment.design.model import Comparison

_A_PAGE = 12
_LEFT, _RIGHT, _AXIS = 560.0, 400.0, 46.0
_TALLEST = 70.0
_NARROWEST, _WIDEST = 1e-4, 1e5
_MOST_LINES = 2
_NOISE = "A/A"
_HINTS = (
    "shaded = expected, registered before the first trial",
    "dot = ratio, whisker = interval that stays valid however often one looks",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the plot: what was asked, and either a judged ratio or words."""

    heading: str
    detail: str
    verdict: Verdict
    right: str
    ratio: ComparisonResult | None = None
    words: str = ""


@chart(place=10)
def verdicts(campaign: Campaign) -> Iterator[Picture]:
    """Yield as many pages as the claims need; ratios first, what is no ratio last."""
    lines = [line for result in campaign.results for line in _lines(result)]
    ratios = [line for line in lines if line.ratio]
    others = [line for line in lines if not line.ratio]
    noise = [_noise(campaign.aa)] if campaign.aa.estimate.effect is not None else []
    pages = [*_pages([*ratios, *noise]), *_pages(others)]
    for number, page in enumerate(pages, start=1):
        yield _picture(campaign, page, number, len(pages))


def _pages(lines: Sequence[Line]) -> list[Sequence[Line]]:
    """Split into pages of about equal length."""
    count = -(-len(lines) // _A_PAGE)
    size = -(-len(lines) // count) if count else 1
    return [lines[i : i + size] for i in range(0, len(lines), size)]


def _lines(result: ClaimResult) -> list[Line]:
    heading = f"{result.claim.id}  {result.claim.slug.replace('-', ' ')}"
    if not result.comparisons:
        word = sentences.VERDICT_WORDS[result.verdict].lower()
        return [Line(heading=heading, detail="", verdict=result.verdict, right="", words=f"{word}: {result.reason}")]
    return [_line(heading, c) for c in result.comparisons]


def _line(heading: str, result: ComparisonResult) -> Line:
    said = sentences.comparison(result)
    if not result.comparison.is_ratio or result.estimate.effect is None:
        text = said.found.removeprefix(f"{result.comparison.treatment.variant}: ")
        return Line(
            heading=heading,
            detail=_asked(result.comparison),
            verdict=result.verdict,
            right="",
            words=f"{text} (expected {said.expected})",
        )
    return Line(
        heading=heading, detail=_asked(result.comparison), verdict=result.verdict, right=_right(result), ratio=result
    )


def _right(result: ComparisonResult) -> str:
    return f"{sentences.short(result)}, n = {result.estimate.n}"


def _noise(aa: ComparisonResult) -> Line:
    return Line(
        heading=f"{_NOISE}  two identical routes: the noise floor",
        detail=_asked(aa.comparison),
        verdict=aa.verdict,
        right=_right(aa),
        ratio=aa,
    )


def _asked(comparison: Comparison) -> str:
    """Return the comparison in short: the work once, then treatment / baseline and the metric."""
    work, _, treated = comparison.treatment.variant.partition(".")
    if comparison.baseline is None:
        return f"{work}: {treated}"
    base_work, _, base = comparison.baseline.variant.partition(".")
    return f"{work}: {treated} / {base if base_work == work else comparison.baseline.variant}"


def _picture(campaign: Campaign, page: Sequence[Line], number: int, pages: int) -> Picture:
    has_ratios = any(line.ratio for line in page)
    title = sentences.tally(campaign)
    part = (f"page {number} of {pages}",) if pages > 1 else ()
    facts = ("Treatment / baseline, logarithmic", *_HINTS) if has_ratios else ("Statements that are no ratios",)
    return Picture(
        name=f"verdicts-{number}",
        work="",
        title=title,
        facts=(*facts, *part, f"alpha = {campaign.alpha:g} for each claim", machine(campaign)),
        alt=f"Verdicts. {title}. "
        + "; ".join(f"{x.heading}: {x.words or f'{x.verdict.value}, {x.right}'}" for x in page),
        columns=(
            "claim",
            "comparison",
            "verdict",
            "effect",
            "low",
            "high",
            "expected_low",
            "expected_high",
            "n",
            "words",
        ),
        rows=[_csv_row(line) for line in page],
        draw=partial(_draw, lines=page, limits=_limits(page)),
    )


def _csv_row(line: Line) -> tuple[str | float | int | None, ...]:
    start = (line.heading, line.detail, line.verdict.value)
    if line.ratio is None:
        return (*start, None, None, None, None, None, None, line.words)
    found, wanted = line.ratio.estimate, line.ratio.comparison.expected
    return (*start, found.effect, found.low, _finite(found.high), wanted.low, _finite(wanted.high), found.n, "")


def _finite(value: float) -> float | None:
    return None if isinf(value) else value


def _limits(lines: Sequence[Line]) -> tuple[float, float]:
    """Return the axis' range: every effect and finite end of an interval, with room around them."""
    ends = [1.0]
    for line in lines:
        if line.ratio:
            found, wanted = line.ratio.estimate, line.ratio.comparison.expected
            ends += [found.effect or 1.0, found.low, found.high, wanted.low, wanted.high]
    known = [e for e in ends if 0 < e < float("inf")]
    return max(min(known) / 2, _NARROWEST), min(max(known) * 2, _WIDEST)


def _draw(canvas: Canvas, *, lines: Sequence[Line], limits: tuple[float, float]) -> None:
    has_ratios = any(line.ratio for line in lines)
    left, right = canvas.left + _LEFT, canvas.right - _RIGHT
    row = min(_TALLEST, (canvas.bottom - canvas.top - (_AXIS if has_ratios else 0)) / len(lines))
    bottom = canvas.top + row * len(lines)
    axes = canvas.axes(left, canvas.top, right, bottom)
    axes.set_ylim(bottom - canvas.top, 0)
    axes.set_yticks([])
    if has_ratios:
        _ratio_axis(axes, canvas, limits)
    else:
        axes.set_xticks([])
    for i, line in enumerate(lines):
        y = canvas.top + row * (i + 0.5)
        _labels(canvas, line, y, row)
        canvas.line((canvas.left, canvas.right), (y + row / 2, y + row / 2), colour=canvas.theme.grid)
        if line.ratio:
            draw_interval(axes, canvas.theme, line.ratio, y=row * (i + 0.5), height=row * 0.76)
        else:
            _mark(canvas, line.verdict, left + 14, y)
            _words(canvas, line.words, left + 34, y)


def _words(canvas: Canvas, text: str, x: float, y: float) -> None:
    """Write two lines at most, the middle of them at `y`."""
    lines = wrapped(text, SMALL, canvas.right - x)
    shown = lines if len(lines) <= _MOST_LINES else [lines[0], shortened(" ".join(lines[1:]), SMALL, canvas.right - x)]
    for k, line in enumerate(shown):
        canvas.text(x, y + 24 * (k - (len(shown) - 1) / 2), line, size=SMALL)


def _ratio_axis(axes: Axes, canvas: Canvas, limits: tuple[float, float]) -> None:
    axes.set_xscale("log")
    axes.set_xlim(*limits)
    powers = [10.0**p for p in range(-4, 6)]
    axes.xaxis.set_major_locator(FixedLocator([p for p in powers if limits[0] <= p <= limits[1]]))
    axes.xaxis.set_minor_locator(FixedLocator([]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,g}x"))
    axes.grid(axis="x", color=canvas.theme.grid, linewidth=1)
    axes.axvline(1, color=canvas.theme.muted, linewidth=1.5)


def _labels(canvas: Canvas, line: Line, y: float, row: float) -> None:
    theme, step = canvas.theme, min(12.5, row / 4)
    first = y - step if line.detail else y
    canvas.text(canvas.left, first, shortened(line.heading, SMALL, _LEFT - 20, "bold"), size=SMALL, weight="bold")
    if line.detail:
        canvas.text(canvas.left, y + step, shortened(line.detail, SMALL, _LEFT - 20), size=SMALL, colour=theme.muted)
    if line.ratio:
        word = sentences.VERDICT_WORDS[line.verdict].lower() if not line.heading.startswith(_NOISE) else "noise"
        x = canvas.right - _RIGHT + 24
        if word != "noise":
            _mark(canvas, line.verdict, x + 6, y - step)
        metric = line.ratio.comparison.metric.short_label
        canvas.text(x + 22, y - step, shortened(f"{word}: {metric}", SMALL, _RIGHT - 46), size=SMALL)
        canvas.text(x + 22, y + step, shortened(line.right, SMALL, _RIGHT - 46), size=SMALL, colour=theme.muted)


def _mark(canvas: Canvas, verdict: Verdict, x: float, y: float) -> None:
    canvas.marker(x, y, **marker_look(canvas.theme, verdict, 14))
