"""Style x work: each style's goodput relative to the best style of that work, under that work's closed load."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from analysis.charts.registry import chart
from analysis.drawing.canvas import Canvas, Picture
from analysis.drawing.style import BODY, SMALL, Theme, shortened, text_width, wrapped
from analysis.reading.campaign import Campaign
from analysis.reading.facts import RowValue, measured_rows, missing_rows
from analysis.reading.summary import Row, closed_loads, rows_of, works
from analysis.wording import words
from bench_app.styles import STYLES, Style
from bench_app.works import Work
from experiment.design.factor import Value
from experiment.design.factors import CORES, ServerConfig
from experiment.design.metrics import GOODPUT
from experiment.design.model import Load
from experiment.theory.ceilings import waits

_STEPS = (0.1, 0.25, 0.5, 0.9)  # where the shade changes: a tenth, a quarter, half of the best, and as good as the best
_FEWEST_STYLES = 2
_COLUMN_HEAD, _LABEL = 74.0, 250.0
_MOST_LINES = 3
_NOT_ASKED, _ELSEWHERE = "no claim asks for it", "measured under another load"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A style at its best in one work."""

    measured: RowValue
    relative: float

    @property
    def shade(self) -> int:
        """Which of the five shades the cell has, 4 for the best."""
        return sum(self.relative >= step for step in _STEPS)

    @property
    def relation(self) -> str:
        return "best" if self.relative == 1 else words.times(self.relative)

    @property
    def figure(self) -> str:
        return words.rate(self.measured.value.median)

    @property
    def setting(self) -> str:
        """Tool and server, where they are not the only ones."""
        name, server = self.measured.row.name, self.measured.row.treatment.server
        others = ServerConfig(tuple(changed for changed in server.changed if changed[0] != CORES.name))
        return ", ".join(part for part in (name.tool, others.words) if part)

    @property
    def told(self) -> str:
        """Figure and setting on one line."""
        return f"{self.figure} · {self.setting}" if self.setting else self.figure

    @property
    def answer(self) -> str:
        return f"{self.relation}, {self.told}"

    def details(self, room: float) -> list[str]:
        """Return the figure, and tool and server where they are not the only ones, on one line where they fit."""
        return [self.told] if text_width(self.told, SMALL) <= room else [self.figure, self.setting]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A work under its main load on equally many cores: each style's cell, or the reason why it has none."""

    work: Work
    load: Load
    cores: str
    cells: Mapping[Style, Cell]
    missing: Mapping[Style, str]

    @property
    def conditions(self) -> str:
        """Load and cores in few words."""
        return f"{words.plural(self.load.users, 'user')}, {self.cores} core{'s' * self.is_of_all_cores}"

    def why_missing(self, style: Style) -> str:
        return self.missing.get(style, _NOT_ASKED)

    @property
    def is_of_all_cores(self) -> bool:
        return self.cores != CORES.default


@chart(place=20)
def matrix(campaign: Campaign) -> Iterator[Picture]:
    """Yield the matrix where at least one work has two styles to compare."""
    if columns := columns_of(campaign):
        yield _picture(columns)


def columns_of(campaign: Campaign) -> list[Column]:
    """Return a column for every work, and for one core and all, where two styles can be compared."""
    every = [
        _column(campaign, work, load, cores)
        for work in works(campaign)
        for cores in CORES.values
        for load in closed_loads(campaign, work, cores)[:1]
    ]
    return [column for column in every if len(column.cells) >= _FEWEST_STYLES]


def styles_of(columns: Sequence[Column]) -> list[Style]:
    """Return the styles with a cell in any column, in the fixed order."""
    return [style for style in STYLES.values() if any(style in column.cells for column in columns)]


def _column(campaign: Campaign, work: Work, load: str, cores: Value) -> Column:
    def is_here(row: Row) -> bool:
        # a lookup that does not wait is another work than one that does
        return row.treatment.server[CORES] == cores and not row.name.is_copy and waits(row.name)

    best: dict[Style, RowValue] = {}
    for measured in measured_rows(campaign, work, load, GOODPUT):
        if is_here(measured.row):
            style = measured.row.name.style
            best[style] = max(best.get(style, measured), measured, key=_rank)
    top = max((m.value.median for m in best.values()), default=0.0)
    cells = {style: Cell(measured=m, relative=m.value.median / top) for style, m in best.items()} if top else {}
    missing = {row.name.style: _ELSEWHERE for row in rows_of(campaign, work) if is_here(row)}
    missing |= {row.name.style: why for row, why in missing_rows(campaign, work, load, GOODPUT) if is_here(row)}
    return Column(work=work, load=campaign.loads[load], cores=str(cores), cells=cells, missing=missing)


def _rank(measured: RowValue) -> tuple[bool, float]:
    """Rank tools by goodput, but a style on the default server before one that was given more."""
    changed = [name for name, _ in measured.row.treatment.server.changed if name != CORES.name]
    return (not changed, measured.value.median)


def _picture(columns: Sequence[Column]) -> Picture:
    counts = [cell.measured.value.n for column in columns for cell in column.cells.values()]
    return Picture(
        name="matrix",
        title=_finding(columns),
        facts=(
            "Goodput relative to the best style of the same work on as many cores, under its closed load",
            "best tool of each style",
            f"medians, {words.trials(counts)}",
        ),
        what="Matrix of handler styles and works",
        values=[
            f"{heading_of(column)}: "
            + ", ".join(f"{style.name} {words.times(cell.relative)}" for style, cell in column.cells.items())
            for column in columns
        ],
        rows=[_csv_row(column, style, cell) for column in columns for style, cell in column.cells.items()],
        draw=partial(_draw, columns=columns),
    )


def _csv_row(column: Column, style: Style, cell: Cell) -> dict[str, Any]:
    return {
        "work": column.work.name,
        "cores": column.cores,
        "style": style.name,
        "treatment": cell.measured.row.treatment.id,
        "goodput_rps": cell.measured.value.median,
        "relative_to_best": cell.relative,
        "n_trials": cell.measured.value.n,
    }


def _finding(columns: Sequence[Column]) -> str:
    """Name the style that is slowest most often, and how far below the best it falls."""
    slowest = {heading_of(c): min(c.cells.items(), key=lambda item: item[1].relative) for c in columns}
    clear = {work: (style, cell) for work, (style, cell) in slowest.items() if cell.shade < len(_STEPS)}
    if not clear:
        return "No style falls below nine tenths of the best in any work"
    style, often = Counter(style for style, _ in clear.values()).most_common(1)[0]
    least = min(cell.relative for s, cell in clear.values() if s is style)
    where = words.listing([work for work, (s, _) in clear.items() if s is style])
    places = where if often < len(columns) else f"every work ({where})"
    return (
        f"{words.upper_first(style.words)} is the slowest style for {places}, down to {words.ratio(least)} of the best"
    )


def heading_of(column: Column) -> str:
    return f"{column.work.name} on all cores" if column.is_of_all_cores else column.work.name


def _draw(canvas: Canvas, *, columns: Sequence[Column]) -> None:
    styles = styles_of(columns)
    width = min((canvas.width - _LABEL) / len(columns), 330.0)
    height = min((canvas.bottom - canvas.top - _COLUMN_HEAD) / len(styles), 118.0)
    axes = canvas.pixel_axes(canvas.left, canvas.top, canvas.right, canvas.bottom)
    theme = canvas.theme
    for i, column in enumerate(columns):
        x = _LABEL + width * (i + 0.5)
        _centred(axes, x, 18, column.work.name, size=BODY + 2, colour=theme.ink, weight="bold")
        _centred(axes, x, 46, column.conditions, size=SMALL, colour=theme.muted)
    for j, style in enumerate(styles):
        y = _COLUMN_HEAD + height * j
        axes.add_patch(Rectangle((0, y + height / 2 - 11), 22, 22, color=style.colour, linewidth=0))
        axes.text(34, y + height / 2, style.name, va="center", fontsize=BODY, color=theme.ink)
        for i, column in enumerate(columns):
            place, size = (_LABEL + width * i, y), (width, height)
            if cell := column.cells.get(style):
                _draw_cell(axes, theme, cell, place, size)
                x, middle = place[0] + width / 2, y + height / 2
                canvas.spot(axes, x, middle, of=f"{style.name}, {heading_of(column)}", text=cell.answer)
            else:
                _draw_reason(axes, theme, column.why_missing(style), place, size)


def _draw_cell(axes: Axes, theme: Theme, cell: Cell, place: tuple[float, float], size: tuple[float, float]) -> None:
    (x, y), (width, height), step = place, size, 25.0
    middle = x + width / 2
    box = Rectangle((x + 3, y + 3), width - 6, height - 6, facecolor=theme.ramp[cell.shade], linewidth=0)
    axes.add_patch(box)
    ink, details = theme.on_ramp[cell.shade], cell.details(width - 20)
    first = y + height / 2 - step * len(details) / 2 - 2
    _centred(axes, middle, first, cell.relation, size=BODY + 6, colour=ink, weight="bold")
    for k, line in enumerate(details):
        _centred(axes, middle, first + step * (k + 1.15), shortened(line, SMALL, width - 20), size=SMALL, colour=ink)


def _draw_reason(axes: Axes, theme: Theme, reason: str, place: tuple[float, float], size: tuple[float, float]) -> None:
    (x, y), (width, height) = place, size
    lines = wrapped(reason, SMALL, width - 20)
    shown = [*lines[: _MOST_LINES - 1], " ".join(lines[_MOST_LINES - 1 :])]
    for k, line in enumerate(filter(None, shown)):
        at = y + height / 2 + 24 * (k - (min(len(lines), _MOST_LINES) - 1) / 2)
        _centred(axes, x + width / 2, at, shortened(line, SMALL, width - 20), size=SMALL, colour=theme.muted)


def _centred(axes: Axes, x: float, y: float, text: str, *, size: float, colour: str, weight: str = "normal") -> None:
    axes.text(x, y, text, ha="center", va="center", fontsize=size, color=colour, fontweight=weight)
