"""Every chart of a campaign, drawn: SVG and PNG in both themes, and the numbers in it as CSV."""

from __future__ import annotations

import io
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import matplotlib as mpl

from analysis.charts.registry import charts
from analysis.drawing.canvas import slide
from analysis.drawing.style import DARK, LIGHT, RC, recoloured
from analysis.drawing.svg import small
from experiment.records.store import write_table, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from analysis.drawing.canvas import Picture
    from analysis.drawing.style import Theme
    from analysis.reading.campaign import Campaign


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnChart:
    """A chart on disk. `kind` is the function that made it, `work` is empty for charts across works."""

    name: str
    kind: str
    work: str
    title: str
    alt: str
    caption: str
    svg: Path
    svg_dark: Path
    png: Path
    png_dark: Path
    data_csv: Path


def draw_all(campaign: Campaign, out_dir: Path) -> list[DrawnChart]:
    """Draw every chart the campaign has data for into `out_dir`; the same data give the same bytes."""
    out_dir.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(RC):
        return [_draw(campaign, kind, picture, out_dir) for kind, picture in pictures(campaign)]


def pictures(campaign: Campaign) -> list[tuple[str, Picture]]:
    """Return every picture the campaign has data for, with its kind, ready to be drawn."""
    for module in iter_modules(__path__):  # each registers its charts, so that a new one needs no list to be in
        import_module(f"{__name__}.{module.name}")
    return [(kind, picture) for kind, make in charts() for picture in make(campaign)]


def _draw(campaign: Campaign, kind: str, picture: Picture, out_dir: Path) -> DrawnChart:
    light = _slide(campaign, picture, LIGHT)
    svg = _svg(light)
    drawn = DrawnChart(
        name=picture.name,
        kind=kind,
        work=picture.work,
        title=picture.title,
        alt=picture.alt,
        caption=" · ".join(picture.facts),
        svg=out_dir / f"{picture.name}.svg",
        svg_dark=out_dir / f"{picture.name}.dark.svg",
        png=out_dir / f"{picture.name}.png",
        png_dark=out_dir / f"{picture.name}.dark.png",
        data_csv=out_dir / f"{picture.name}.csv",
    )
    write_whole(drawn.svg, svg)
    write_whole(drawn.svg_dark, recoloured(svg, DARK.tokens()))
    _save_png(light, drawn.png)
    _save_png(_slide(campaign, picture, DARK), drawn.png_dark)
    write_table(drawn.data_csv, picture.columns, picture.rows)
    return drawn


def _save_png(figure: Figure, path: Path) -> None:
    figure.savefig(path, format="png", metadata={"Software": None}, pil_kwargs={"compress_level": 4})


def _slide(campaign: Campaign, picture: Picture, theme: Theme) -> Figure:
    footer = f"campaign {campaign.name} · {campaign.redraw_command}"
    return slide(picture, theme, footer=footer, is_smoke=campaign.is_smoke)


def _svg(figure: Figure) -> str:
    """Return a figure as SVG, text as paths, without a date: the same data give the same bytes."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return small(buffer.getvalue())
