"""Horizontal bars from zero, in sections: shared by the charts of goodput, cost and the demo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.ticker import FuncFormatter, MaxNLocator

from analysis.drawing.style import BODY, SMALL, shortened, text_width

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes

    from analysis.drawing.canvas import Canvas
    from analysis.reading.summary import Summary
    from bench_app.styles import Style

MOST_ROWS = 13
_ROW, _HEADING_SHARE, _BAR_SHARE = 124.0, 0.75, 0.6
_LABELS_AT_MOST = 470.0
_AXIS = 46.0
_KEY = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One row: its label, and a value or the reason why there is none."""

    label: str
    style: Style
    value: Summary | None
    text: str
    ceiling: float | None = None
    is_hatched: bool = False  # the A/A copy: the same colour, told apart by its texture


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rows measured under one load."""

    heading: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Sections on one zero-based axis."""

    sections: Sequence[Section]
    unit: str
    format_tick: Callable[[float], str]
    ceiling_label: str = "theory's ceiling"

    def draw(self, canvas: Canvas) -> None:
        """Draw the chart into a slide's body."""
        bars = [bar for section in self.sections for bar in section.bars]
        left = canvas.left + self._label_width(bars) + 16
        has_ceiling = any(b.ceiling is not None for b in bars)
        axes_top = canvas.top + (_KEY if has_ceiling else 0)
        room = canvas.bottom - _AXIS - axes_top
        headings = len(self.sections) if len(self.sections) > 1 else 0
        row = min(_ROW, room / (len(bars) + _HEADING_SHARE * headings))
        bottom = axes_top + row * (len(bars) + _HEADING_SHARE * headings)
        axes = canvas.axes(left, axes_top, canvas.right, bottom)
        scale = _scale(axes, bars, width=canvas.right - left, height=bottom - axes_top)
        self._axis(axes, canvas)
        y = 0.0
        for section in self.sections:
            if headings:
                heading = axes_top + y + row * _HEADING_SHARE * 0.6
                canvas.text(canvas.left, heading, section.heading, weight="bold", size=SMALL)
                y += row * _HEADING_SHARE
            for bar in section.bars:
                _label(canvas, bar, axes_top + y + row / 2, left)
                _bar(axes, canvas, bar, y=y + row / 2, row=row, scale=scale)
                y += row
        self._ceiling_key(canvas, left, has_ceiling=has_ceiling)

    def _label_width(self, bars: Sequence[Bar]) -> float:
        headings = [text_width(s.heading, SMALL, "bold") for s in self.sections] if len(self.sections) > 1 else []
        return min(max([*headings, *(text_width(b.label, BODY) for b in bars)]), _LABELS_AT_MOST)

    def _axis(self, axes: Axes, canvas: Canvas) -> None:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda v, _: self.format_tick(v)))
        axes.set_yticks([])
        axes.grid(axis="x", color=canvas.theme.grid, linewidth=1)
        axes.axvline(0, color=canvas.theme.muted, linewidth=1.5)
        axes.annotate(
            self.unit,
            (1, 0),
            xycoords="axes fraction",
            xytext=(0, -9),
            textcoords="offset pixels",
            ha="right",
            va="top",
            fontsize=SMALL,
            color=canvas.theme.muted,
        )

    def _ceiling_key(self, canvas: Canvas, left: float, *, has_ceiling: bool) -> None:
        """Explain the black tick, once, above the bars."""
        if not has_ceiling:
            return
        y = canvas.top + _KEY * 0.3
        canvas.line((left + 3, left + 3), (y - 11, y + 11), colour=canvas.theme.ink, width=4)
        canvas.text(left + 14, y, self.ceiling_label, size=SMALL, colour=canvas.theme.muted)


def _scale(axes: Axes, bars: Sequence[Bar], *, width: float, height: float) -> float:
    """Give the axes the range in which bars, ceilings and the numbers beside them fit; return pixels a unit."""
    reach = [(max(b.value.high, b.ceiling or 0.0), text_width(b.text, BODY) + 26) for b in bars if b.value is not None]
    unit = min((width - room) / value for value, room in reach if value > 0)
    axes.set_xlim(0, width / unit)
    axes.set_ylim(height, 0)
    return unit


def _label(canvas: Canvas, bar: Bar, y: float, left: float) -> None:
    label = shortened(bar.label, BODY, left - 14 - canvas.left)
    colour = canvas.theme.ink if bar.value else canvas.theme.muted
    canvas.text(left - 14, y, label, ha="right", colour=colour)


def _bar(axes: Axes, canvas: Canvas, bar: Bar, *, y: float, row: float, scale: float) -> None:
    if bar.value is None:
        room = axes.get_xlim()[1] * scale - 20
        text = shortened(bar.text, SMALL, room)
        axes.annotate(text, (0, y), xytext=(12, 0), textcoords="offset pixels", va="center", size=SMALL)
        axes.texts[-1].set_color(canvas.theme.muted)
        return
    theme, value, height = canvas.theme, bar.value, row * _BAR_SHARE
    axes.barh(
        y,
        value.median,
        height=height,
        color=bar.style.colour,
        hatch="//" if bar.is_hatched else None,
        edgecolor=theme.surface,
        linewidth=0,
    )
    end = max(value.median, value.high if value.n > 1 else 0)
    if value.n > 1:
        axes.plot([value.low, value.high], [y, y], color=theme.ink, linewidth=2, solid_capstyle="butt")
    if bar.ceiling is not None:
        tick = height / 2 + 5
        axes.plot([bar.ceiling] * 2, [y - tick, y + tick], color=theme.ink, linewidth=4, solid_capstyle="butt")
        end = _clear_of_tick(end, bar, scale)
    axes.annotate(bar.text, (end, y), xytext=(12, 0), textcoords="offset pixels", va="center", size=BODY)
    axes.texts[-1].set_color(theme.ink)


def _clear_of_tick(end: float, bar: Bar, scale: float) -> float:
    """Return where the number starts so that the ceiling's tick does not run through it."""
    tick = bar.ceiling or 0.0
    reach = end + (text_width(bar.text, BODY) + 26) / scale
    return tick if end - 4 / scale <= tick <= reach else end
