"""Style x work: each style's goodput relative to the best style of that work, under that work's closed load."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from matplotlib.patches import Rectangle

from analysis.charts.registry import chart
from analysis.drawing.canvas import Picture
from analysis.drawing.style import BODY, SMALL, shortened, text_width
from analysis.reading.facts import machine, measured_rows
from analysis.reading.summary import main_load, works
from analysis.wording import words
from bench_app.styles import STYLES, Style
from experiment.design.metrics import GOODPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from matplotlib.axes import Axes

    from analysis.drawing.canvas import Canvas
    from analysis.reading.campaign import Campaign
    from analysis.reading.facts import Measured
    from bench_app.works import Work

_STEPS = (0.1, 0.25, 0.5, 0.9)
"""Where the shade changes: a tenth, a quarter, half of the best, and as good as the best."""
_FEWEST_STYLES = 2
_COLUMN_HEAD, _LABEL = 74.0, 250.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A style at its best in one work."""

    measured: Measured
    relative: float

    @property
    def shade(self) -> int:
        """Which of the five shades the cell has, 4 for the best."""
        return sum(self.relative >= step for step in _STEPS)

    @property
    def detail(self) -> str:
        """The absolute figure."""
        return words.rate(self.measured.value.median)

    @property
    def setting(self) -> str:
        """Tool and server, where they are not the only ones."""
        parts = (self.measured.row.name.tool, self.measured.row.treatment.server.words)
        return ", ".join(part for part in parts if part)


@chart(place=20)
def matrix(campaign: Campaign) -> Iterator[Picture]:
    """Yield the matrix where at least one work has two styles to compare."""
    cells = {work: _cells(campaign, work) for work in works(campaign)}
    cells = {work: column for work, column in cells.items() if len(column) >= _FEWEST_STYLES}
    if cells:
        yield _picture(campaign, cells)


def _cells(campaign: Campaign, work: Work) -> dict[Style, Cell]:
    load = main_load(campaign, work)
    rows = measured_rows(campaign, work, load, GOODPUT) if load else []
    best: dict[Style, Measured] = {}
    for measured in rows:
        if not measured.row.name.is_copy:
            held = best.get(measured.row.name.style)
            if held is None or _rank(measured) > _rank(held):
                best[measured.row.name.style] = measured
    top = max((m.value.median for m in best.values()), default=0.0)
    return {style: Cell(measured=m, relative=m.value.median / top) for style, m in best.items()} if top else {}


def _rank(measured: Measured) -> tuple[bool, float]:
    """Rank tools by goodput, but a style on the default server before one that was given more."""
    return (not measured.row.treatment.server.suffix, measured.value.median)


def _picture(campaign: Campaign, cells: Mapping[Work, Mapping[Style, Cell]]) -> Picture:
    title = _finding(cells)
    counts = [cell.measured.value.n for column in cells.values() for cell in column.values()]
    return Picture(
        name="matrix",
        work="",
        title=title,
        facts=(
            "Goodput relative to the best style of the same work, under its closed load",
            "best tool of each style",
            f"medians, {words.trials(counts)}",
            machine(campaign),
        ),
        alt=f"Matrix of handler styles and works. {title}. "
        + "; ".join(
            f"{work.name}: " + ", ".join(f"{style.name} {words.times(cell.relative)}" for style, cell in column.items())
            for work, column in cells.items()
        ),
        columns=("work", "style", "treatment", "goodput_rps", "relative_to_best", "n_trials"),
        rows=[
            (
                work.name,
                style.name,
                c.measured.row.treatment.id,
                c.measured.value.median,
                c.relative,
                c.measured.value.n,
            )
            for work, column in cells.items()
            for style, c in column.items()
        ],
        draw=partial(_draw, campaign=campaign, cells=cells),
    )


def _finding(cells: Mapping[Work, Mapping[Style, Cell]]) -> str:
    """Name the style that is slowest most often, and how far below the best it falls."""
    clear = {w: min(c.items(), key=lambda item: item[1].relative) for w, c in cells.items()}
    clear = {w: (style, cell) for w, (style, cell) in clear.items() if cell.shade < len(_STEPS)}
    if not clear:
        return "No style falls below nine tenths of the best in any work"
    style, often = Counter(style for style, _ in clear.values()).most_common(1)[0]
    least = min(cell.relative for s, cell in clear.values() if s is style)
    where = [w.name for w, (s, _) in clear.items() if s is style]
    places = words.listing(where) if often < len(cells) else f"every work ({words.listing(where)})"
    return (
        f"{words.upper_first(style.words)} is the slowest style for {places}, down to {words.ratio(least)} of the best"
    )


def _draw(canvas: Canvas, *, campaign: Campaign, cells: Mapping[Work, Mapping[Style, Cell]]) -> None:
    styles = [style for style in STYLES.values() if any(style in column for column in cells.values())]
    width = min((canvas.right - canvas.left - _LABEL) / len(cells), 330.0)
    height = min((canvas.bottom - canvas.top - _COLUMN_HEAD) / len(styles), 118.0)
    axes = canvas.pixel_axes(canvas.left, canvas.top, canvas.right, canvas.bottom)
    for i, work in enumerate(cells):
        x = _LABEL + width * (i + 0.5)
        load = main_load(campaign, work)
        axes.text(x, 18, work.name, ha="center", va="center", fontsize=BODY + 2, fontweight="bold")
        axes.texts[-1].set_color(canvas.theme.ink)
        under = words.load(campaign.loads[load]).partition(",")[0] if load else ""
        axes.text(x, 46, under, ha="center", va="center", fontsize=SMALL, color=canvas.theme.muted)
    for j, style in enumerate(styles):
        y = _COLUMN_HEAD + height * j
        axes.add_patch(Rectangle((0, y + height / 2 - 11), 22, 22, color=style.colour, linewidth=0))
        axes.text(34, y + height / 2, style.name, va="center", fontsize=BODY, color=canvas.theme.ink)
        for i, column in enumerate(cells.values()):
            _draw_cell(axes, canvas, column.get(style), (_LABEL + width * i, y), (width, height))


def _details(cell: Cell, room: float) -> list[str]:
    """Return figure and setting on one line where they fit, else on two."""
    together = " · ".join(part for part in (cell.detail, cell.setting) if part)
    return [together] if text_width(together, SMALL) <= room else [cell.detail, cell.setting]


def _draw_cell(
    axes: Axes, canvas: Canvas, cell: Cell | None, place: tuple[float, float], size: tuple[float, float]
) -> None:
    (x, y), (width, height), theme = place, size, canvas.theme
    middle = x + width / 2
    if cell is None:
        axes.text(middle, y + height / 2, "not measured", ha="center", va="center", fontsize=SMALL, color=theme.muted)
        return
    box = Rectangle((x + 3, y + 3), width - 6, height - 6, facecolor=theme.ramp[cell.shade], linewidth=0)
    axes.add_patch(box)
    ink = theme.on_ramp[cell.shade]
    details = _details(cell, width - 20)
    best = "best" if cell.relative == 1 else words.times(cell.relative)
    step = 25.0
    first = y + height / 2 - step * len(details) / 2 - 2
    axes.text(middle, first, best, ha="center", va="center", fontsize=BODY + 6, fontweight="bold", color=ink)
    for k, line in enumerate(details):
        text = shortened(line, SMALL, width - 20)
        axes.text(middle, first + step * (k + 1.15), text, ha="center", va="center", fontsize=SMALL, color=ink)
