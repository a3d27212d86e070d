"""What is drawn on many plots: a style's marker, a whisker, an arrow to what lies beyond, names at the ends."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from analysis.drawing.canvas import Canvas, pixel
from analysis.drawing.style import HEIGHT, LEADING, WIDTH, Theme, spread
from analysis.reading.summary import Summary
from bench_app.styles import Style


def marker_of(style: Style, size: float) -> dict[str, Any]:
    """Return a style's marker and colour, as matplotlib's Line2D takes them."""
    return {"color": style.colour, "marker": style.marker, "markersize": size, "markeredgewidth": 0}


def whisker(axes: Axes, theme: Theme, value: Summary, y: float, *, unit: float = 1.0, width: float = 2) -> None:
    """Draw the range of the rounds, where there are several; `unit` is what one of the value is on the axis."""
    if value.n > 1:
        segment(axes, (value.low * unit, value.high * unit), (y, y), theme.ink, width)


def segment(axes: Axes, x: Sequence[float], y: Sequence[float], colour: str, width: float, **look: Any) -> None:
    """Draw a straight line that ends exactly where its ends are."""
    axes.plot(x, y, color=colour, linewidth=width, solid_capstyle="butt", **look)


def arrow(colour: str, *, width: float = 3, head: float = 26, shape: str = "-|>") -> dict[str, Any]:
    """Return an arrow from point to point, as `annotate` takes it: the true value lies where it points, or beyond."""
    return {
        "arrowstyle": shape,
        "color": colour,
        "linewidth": width,
        "mutation_scale": head,
        "shrinkA": 0,
        "shrinkB": 0,
    }


def name_ends(
    canvas: Canvas,
    axes: Axes,
    ends: Sequence[tuple[float, float]],
    labels: Sequence[str],
    *,
    size: float,
    start: float,
    reach: float,
) -> None:
    """Write each line's name right of the plot, at the height of its end, with a hairline to it.

    The hairlines begin `start` pixels from the ends and stop `reach` pixels right of the plot.
    """
    box = axes.get_position()
    right = box.x1 * WIDTH
    pixels = [pixel(axes, *end) for end in ends]
    heights = spread([y for _, y in pixels], size * LEADING, (1 - box.y1) * HEIGHT, (1 - box.y0) * HEIGHT)
    for label, (x, end), y in zip(labels, pixels, heights, strict=True):
        canvas.line((x + start, right + reach), (end, y), colour=canvas.theme.faint)
        canvas.text(right + reach + 6, y, label, size=size, room=canvas.right - right - reach - 6)
