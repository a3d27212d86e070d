"""A slide's files: SVG and PNG in both themes. The same data give the same bytes."""

import io
from pathlib import Path

from matplotlib.figure import Figure

from analysis.drawing.style import DARK, recoloured
from analysis.drawing.svg import small
from experiment.records.store import write_whole

ENDINGS = (".svg", ".dark.svg", ".png", ".dark.png")


def svg_of(figure: Figure) -> str:
    """Return a figure as SVG, text as paths, without a date."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return small(buffer.getvalue())


def write_figures(light: Figure, dark: Figure, folder: Path, name: str) -> str:
    """Write the files with these ENDINGS; return the light SVG, of which the dark one is made."""
    svg = svg_of(light)
    write_whole(folder / f"{name}.svg", svg)
    write_whole(folder / f"{name}.dark.svg", recoloured(svg, DARK.tokens()))
    save_png(light, folder / f"{name}.png")
    save_png(dark, folder / f"{name}.dark.png")
    return svg


def save_png(figure: Figure, path: Path) -> None:
    figure.savefig(path, format="png", metadata={"Software": None}, pil_kwargs={"compress_level": 4})
