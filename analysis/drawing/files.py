"""A slide's files: SVG and PNG in both themes. The same data give the same bytes."""

import io
from pathlib import Path
from typing import cast

import numpy as np
from matplotlib.figure import Figure
from matplotlib.image import imsave

from analysis.drawing.both_themes import both_themes
from analysis.drawing.style import DARK, DPI, HEIGHT, THEMES, recoloured
from analysis.drawing.svg import small
from experiment.records.writing import replaced, write_whole

ENDINGS = (".svg", ".dark.svg", ".png", ".dark.png")


def svg_of(figure: Figure) -> str:
    """Return a figure as SVG, text as paths, without a date."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return small(buffer.getvalue())


def write_figure(figure: Figure, folder: Path, name: str) -> str:
    """Write a figure in the light theme to the files with these ENDINGS; return its SVG, of which the dark one is made.

    The figure is drawn twice: as SVG, and as pixels of both themes at once. It may be lower than a slide, not higher.
    """
    svg = svg_of(figure)
    write_whole(folder / f"{name}.svg", svg)
    write_whole(folder / f"{name}.dark.svg", recoloured(svg, DARK.tokens()))
    renderer, no_name = both_themes(), cast("dict[str, str]", {"Software": None})  # its annotation has no None
    renderer.clear()
    figure.draw(renderer)
    unused = HEIGHT - round(figure.bbox.height)  # rows above a figure that is lower than the renderer
    for theme, image in zip(THEMES, renderer.images, strict=True):
        path = folder / f"{name}{theme.suffix}.png"
        with replaced(path) as file:
            imsave(
                file,
                np.asarray(image)[unused:],
                format="png",
                dpi=DPI,
                metadata=no_name,
                pil_kwargs={"compress_level": 4},
            )
    return svg
