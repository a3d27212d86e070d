"""Every chart of a campaign, drawn: SVG and PNG in both themes, and the numbers in it as CSV."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import matplotlib as mpl

# Each module registers its chart; the order here is the order of the report.
from analysis.charts import (  # noqa: F401
    verdicts,  # isort: skip
    matrix,  # isort: skip
    demo,  # isort: skip
    goodput,  # isort: skip
    percentiles,  # isort: skip
    bystander,  # isort: skip
    looplag,  # isort: skip
    cost,  # isort: skip
)
from analysis.charts.canvas import slide
from analysis.charts.registry import charts
from analysis.style import DARK, LIGHT, RC, recoloured
from experiment.store import write_table, write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from analysis.charts.registry import Picture
    from analysis.load import Campaign
    from analysis.style import Theme


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
    with mpl.rc_context(dict(RC)):
        return [
            _draw(campaign, kind, picture, out_dir) for kind, make in charts() for picture in make(campaign)
        ]


def _draw(campaign: Campaign, kind: str, picture: Picture, out_dir: Path) -> DrawnChart:
    svg = _svg(campaign, picture)
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
    for theme, path in ((LIGHT, drawn.png), (DARK, drawn.png_dark)):
        _slide(campaign, picture, theme).savefig(path, format="png", metadata={"Software": None})
    write_table(drawn.data_csv, picture.columns, picture.rows)
    return drawn


def _slide(campaign: Campaign, picture: Picture, theme: Theme) -> Figure:
    footer = f"campaign {campaign.name} · {campaign.redraw_command}"
    return slide(picture, theme, footer=footer, is_smoke=campaign.is_smoke)


def _svg(campaign: Campaign, picture: Picture) -> str:
    """Return the light SVG: no date in it, text as paths, coordinates to a tenth of a pixel."""
    buffer = io.StringIO()
    _slide(campaign, picture, LIGHT).savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return re.sub(r"[ \t]+\n", "\n", buffer.getvalue())
