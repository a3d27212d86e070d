"""Verdicts as a forest plot: every comparison with its interval, what was expected of it, and the noise floor."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, inf, isinf
from typing import Any

from analysis.charts.registry import chart
from analysis.drawing.axes import ratio_axis
from analysis.drawing.canvas import Canvas, Picture
from analysis.drawing.interval import draw_interval, ends_of, marker_look
from analysis.drawing.style import SMALL, TICKS_BELOW, shortened, wrapped
from analysis.reading import sentences
from analysis.reading.campaign import Campaign
from analysis.stats.results import ClaimResult, ComparisonResult, Verdict
from experiment.design.model import Comparison

_A_PAGE = 12
_LEFT, _RIGHT = 560.0, 400.0
_TALLEST = 70.0
_NARROWEST, _WIDEST = 1e-4, 1e5
_TICKS = [10.0**p for p in range(-4, 6)]
_MOST_LINES = 2
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
    ratio: ComparisonResult | None = None
    words: str = ""
    is_noise: bool = False

    @property
    def right(self) -> str:
        return f"{sentences.short(self.ratio)}, n = {self.ratio.estimate.n}" if self.ratio else ""

    @property
    def told(self) -> str:
        """What a reader is told who points at the row."""
        expected = f", expected {sentences.comparison(self.ratio).expected}" if self.ratio else ""
        return f"{self.right}{expected}"


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
    size = ceil(len(lines) / ceil(len(lines) / _A_PAGE)) if lines else 1
    return [lines[i : i + size] for i in range(0, len(lines), size)]


def _lines(result: ClaimResult) -> list[Line]:
    heading = f"{result.claim.id}  {result.claim.slug.replace('-', ' ')}"
    if not result.comparisons:
        word = sentences.VERDICT_WORDS[result.verdict].lower()
        return [Line(heading=heading, detail="", verdict=result.verdict, words=f"{word}: {result.reason}")]
    return [_line(heading, c) for c in result.comparisons]


def _line(heading: str, result: ComparisonResult) -> Line:
    detail = _asked(result.comparison)
    if result.comparison.is_ratio and result.estimate.effect is not None:
        return Line(heading=heading, detail=detail, verdict=result.verdict, ratio=result)
    said = sentences.comparison(result)
    words = f"{said.statement} (expected {said.expected})"
    return Line(heading=heading, detail=detail, verdict=result.verdict, words=words)


def _noise(aa: ComparisonResult) -> Line:
    heading = "A/A  two identical routes: the noise floor"
    return Line(heading=heading, detail=_asked(aa.comparison), verdict=aa.verdict, ratio=aa, is_noise=True)


def _asked(comparison: Comparison) -> str:
    """Return the comparison in short: the work once, then treatment / baseline and the metric."""
    work, _, treated = comparison.treatment.variant.partition(".")
    if comparison.baseline is None:
        return f"{work}: {treated}"
    base_work, _, base = comparison.baseline.variant.partition(".")
    return f"{work}: {treated} / {base if base_work == work else comparison.baseline.variant}"


def _picture(campaign: Campaign, page: Sequence[Line], number: int, pages: int) -> Picture:
    has_ratios = any(line.ratio for line in page)
    part = (f"page {number} of {pages}",) if pages > 1 else ()
    facts = ("Treatment / baseline, logarithmic", *_HINTS) if has_ratios else ("Statements that are no ratios",)
    return Picture(
        name=f"verdicts-{number}",
        title=sentences.tally(campaign),
        facts=(*facts, *part, f"alpha = {campaign.alpha:g} for each claim"),
        what="Verdicts",
        values=[f"{line.heading}: {line.words or f'{line.verdict.value}, {line.right}'}" for line in page],
        rows=[_csv_row(line) for line in page],
        draw=partial(_draw, lines=page),
    )


def _csv_row(line: Line) -> dict[str, Any]:
    found = line.ratio and line.ratio.estimate
    wanted = line.ratio and line.ratio.comparison.expected
    return {
        "claim": line.heading,
        "comparison": line.detail,
        "verdict": line.verdict.value,
        "effect": found and found.effect,
        "low": found and found.low,
        "high": found and _finite(found.high),
        "expected_low": wanted and wanted.low,
        "expected_high": wanted and _finite(wanted.high),
        "n": found and found.n,
        "words": line.words,
    }


def _finite(value: float) -> float | None:
    return None if isinf(value) else value


def _limits(ratios: Sequence[ComparisonResult]) -> tuple[float, float]:
    """Return the axis' range: every effect and finite end of an interval, with room around them."""
    known = [e for e in ends_of(ratios) if 0 < e < inf]
    return max(min(known) / 2, _NARROWEST), min(max(known) * 2, _WIDEST)


def _draw(canvas: Canvas, *, lines: Sequence[Line]) -> None:
    ratios = [line.ratio for line in lines if line.ratio]
    left, right = canvas.left + _LEFT, canvas.right - _RIGHT
    row = min(_TALLEST, (canvas.bottom - canvas.top - (TICKS_BELOW if ratios else 0)) / len(lines))
    axes = canvas.row_axes(left, canvas.top, right, canvas.top + row * len(lines), grid="x")
    if ratios:
        ratio_axis(axes, canvas.theme, _limits(ratios), _TICKS, 1.5)
    else:
        axes.set_xticks([])
    for i, line in enumerate(lines):
        y = canvas.top + row * (i + 0.5)
        _labels(canvas, line, y, row)
        canvas.rule(y + row / 2)
        if line.ratio:
            draw_interval(axes, canvas.theme, line.ratio, y=row * (i + 0.5), height=row * 0.76)
            low, high = axes.get_xlim()
            effect = min(max(line.ratio.estimate.effect or 1.0, low), high)
            canvas.spot(axes, effect, row * (i + 0.5), of=line.heading, text=line.told)
        else:
            _mark(canvas, line.verdict, left + 14, y)
            _words(canvas, line.words, left + 34, y)


def _words(canvas: Canvas, text: str, x: float, y: float) -> None:
    """Write two lines at most, the middle of them at `y`."""
    lines = wrapped(text, SMALL, canvas.right - x)
    shown = lines if len(lines) <= _MOST_LINES else [lines[0], shortened(" ".join(lines[1:]), SMALL, canvas.right - x)]
    for k, line in enumerate(shown):
        canvas.text(x, y + 24 * (k - (len(shown) - 1) / 2), line, size=SMALL)


def _labels(canvas: Canvas, line: Line, y: float, row: float) -> None:
    step, x = min(12.5, row / 4), canvas.right - _RIGHT + 24
    first = y - step if line.detail else y
    canvas.text(canvas.left, first, line.heading, size=SMALL, weight="bold", room=_LEFT - 20)
    if line.detail:
        canvas.note(canvas.left, y + step, line.detail, room=_LEFT - 20)
    if line.ratio:
        word = "noise" if line.is_noise else sentences.VERDICT_WORDS[line.verdict].lower()
        if not line.is_noise:
            _mark(canvas, line.verdict, x + 6, y - step)
        metric = line.ratio.comparison.metric.short_label
        canvas.text(x + 22, y - step, f"{word}: {metric}", size=SMALL, room=_RIGHT - 46)
        canvas.note(x + 22, y + step, line.right, room=_RIGHT - 46)


def _mark(canvas: Canvas, verdict: Verdict, x: float, y: float) -> None:
    canvas.marker(x, y, **marker_look(canvas.theme, verdict, 14))
