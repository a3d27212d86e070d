"""The slide: title, subtitle and footer around an empty body, and drawing by pixels from the top left."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from analysis.drawing.style import (
    BODY,
    DPI,
    HEIGHT,
    MARGIN,
    SMALL,
    SUBTITLE,
    TITLE,
    WIDTH,
    Theme,
    drawable,
    shortened,
    wrapped,
)

Grid = Literal["x", "y", "both"]
SMOKE_MARK = "SMOKE RUN: NOT EVIDENCE"
_MOST_TITLE_LINES = 2
_TITLE_LEADING, _SUBTITLE_LEADING = 1.22, 1.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """A figure of `height` pixels whose body spans [left, right] x [top, bottom] in pixels from the top left corner."""

    figure: Figure
    theme: Theme
    height: float = HEIGHT
    top: float = 0
    bottom: float = HEIGHT
    left: float = MARGIN
    right: float = WIDTH - MARGIN

    @property
    def width(self) -> float:
        return self.right - self.left

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = BODY,
        colour: str | None = None,
        weight: str = "normal",
        ha: str = "left",
        va: str = "center",
        room: float | None = None,
    ) -> Text:
        """Write at a pixel of the slide, shortened to `room` pixels; `y` is the text's middle unless `va` differs."""
        return self.figure.text(
            x / WIDTH,
            1 - y / self.height,
            drawable(words) if room is None else shortened(words, size, room, weight),
            fontsize=size,
            color=colour or self.theme.ink,
            fontweight=weight,
            ha=ha,
            va=va,
        )

    def note(self, x: float, y: float, words: str, **how: Any) -> Text:
        """Write small and muted, as units and explanations are; `how` is what `text` takes."""
        return self.text(x, y, words, size=SMALL, colour=self.theme.muted, **how)

    def line(self, x: tuple[float, float], y: tuple[float, float], *, colour: str, width: float = 1.0) -> None:
        """Draw a straight line between two pixels."""
        ends = [v / WIDTH for v in x], [1 - v / self.height for v in y]
        self.figure.add_artist(Line2D(*ends, color=colour, linewidth=width, solid_capstyle="butt"))

    def rule(self, y: float, width: float = 1.0) -> None:
        """Draw a line across the whole body, in the colour of the grid."""
        self.line((self.left, self.right), (y, y), colour=self.theme.grid, width=width)

    def marker(self, x: float, y: float, **look: Any) -> None:
        """Draw one marker at a pixel; `look` is what matplotlib's Line2D takes."""
        self.figure.add_artist(Line2D([x / WIDTH], [1 - y / self.height], linestyle="none", **look))

    def axes(self, left: float, top: float, right: float, bottom: float, *, grid: Grid | None = None) -> Axes:
        """Return axes that fill a rectangle of pixels: no frame, hairline grid behind, muted tick labels."""
        axes = self.figure.add_axes(
            (left / WIDTH, 1 - bottom / self.height, (right - left) / WIDTH, (bottom - top) / self.height),
            facecolor="none",
        )
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(length=0, labelsize=SMALL, labelcolor=self.theme.muted, pad=8)
        axes.tick_params(which="minor", length=0, labelsize=0, labelbottom=False, labelleft=False)
        axes.set_axisbelow(True)
        if grid:
            axes.grid(axis=grid, color=self.theme.grid, linewidth=1)
        return axes

    def row_axes(self, left: float, top: float, right: float, bottom: float, *, grid: Grid | None = None) -> Axes:
        """Return such axes whose y are pixels from their own top, without tick labels at the side."""
        axes = self.axes(left, top, right, bottom, grid=grid)
        axes.set_ylim(bottom - top, 0)
        axes.set_yticks([])
        return axes

    def pixel_axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Return bare axes whose data coordinates are pixels from their own top left corner."""
        axes = self.row_axes(left, top, right, bottom)
        axes.set_xlim(0, right - left)
        axes.set_xticks([])
        return axes


def pixel(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Return the pixel of the slide at which a point of the axes lies."""
    across, up = axes.transData.transform((x, y))
    return float(across), HEIGHT - float(up)


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One slide, ready to be drawn in any theme: everything is computed, `draw` only places it.

    `work` is empty for charts across works. `facts` are the subtitle's parts: metric and unit, load, rounds. `what` is
    it said in words, and `values` what it shows. `rows` are its numbers by column, all with the same columns.
    """

    name: str
    title: str
    facts: tuple[str, ...]
    draw: Callable[[Canvas], object]
    work: str = ""
    what: str = ""
    values: Sequence[str] = ()
    rows: Sequence[Mapping[str, Any]] = ()

    @property
    def alt(self) -> str:
        return f"{self.what}. {self.title}. {'; '.join(self.values)}".rstrip()

    @property
    def caption(self) -> str:
        return " · ".join(self.facts)


def blank(theme: Theme, height: int = HEIGHT) -> Canvas:
    """Return an empty slide, all of it the body but for the margins at the sides."""
    figure = Figure(figsize=(WIDTH / DPI, height / DPI), dpi=DPI, facecolor=theme.surface)
    return Canvas(figure=figure, theme=theme, height=height, bottom=height)


def slide(picture: Picture, theme: Theme, *, footer: str, is_smoke: bool) -> Figure:
    whole = blank(theme)
    top = _header(whole, picture, is_smoke=is_smoke)
    picture.draw(Canvas(figure=whole.figure, theme=theme, top=top + 22, bottom=HEIGHT - 76))
    _footer(whole, footer, is_smoke=is_smoke)
    return whole.figure


def _header(canvas: Canvas, picture: Picture, *, is_smoke: bool) -> float:
    """Write title and subtitle; return the pixel below them."""
    theme, size = canvas.theme, TITLE
    while len(lines := wrapped(picture.title, size, canvas.width, "bold")) > _MOST_TITLE_LINES and size > BODY:
        size -= 2
    y = 40.0
    for line in lines:
        canvas.text(canvas.left, y, line, size=size, weight="bold", va="top")
        y += size * _TITLE_LEADING
    y += 8
    if is_smoke:
        canvas.text(canvas.left, y, SMOKE_MARK, size=SUBTITLE, colour=theme.warn, weight="bold", va="top")
        y += SUBTITLE * _SUBTITLE_LEADING
    for line in wrapped("\u00a0· ".join(picture.facts), SUBTITLE, canvas.width):  # no line begins with a dot
        canvas.text(canvas.left, y, line, size=SUBTITLE, colour=theme.muted, va="top")
        y += SUBTITLE * _SUBTITLE_LEADING
    return y


def _footer(canvas: Canvas, footer: str, *, is_smoke: bool) -> None:
    y, room = HEIGHT - 26, canvas.width
    canvas.rule(HEIGHT - 50)
    if is_smoke:
        canvas.text(canvas.right, y, SMOKE_MARK, size=SMALL, colour=canvas.theme.warn, weight="bold", ha="right")
        room -= len(SMOKE_MARK) * SMALL
    canvas.note(canvas.left, y, footer, room=room)
