"""Every chart of a campaign, drawn: SVG and PNG in both themes, and the numbers in it as CSV."""

from dataclasses import dataclass, fields, replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import matplotlib as mpl

from analysis.charts.registry import charts
from analysis.drawing.canvas import Picture, slide
from analysis.drawing.files import write_figures
from analysis.drawing.style import RC, THEMES
from analysis.reading.campaign import Campaign
from analysis.reading.facts import machine
from experiment.records.store import write_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart(Picture):
    """A picture that was drawn: `kind` is the function that made it, `svg` the drawing in the light theme."""

    kind: str
    svg: str
    folder: Path

    def file(self, ending: str) -> Path:
        """Return the file with one of the ENDINGS: the drawing, or with `.csv` its rows."""
        return self.folder / f"{self.name}{ending}"


def draw_all(campaign: Campaign, out_dir: Path) -> list[Chart]:
    """Draw every chart the campaign has data for into `out_dir`; the same data give the same bytes."""
    out_dir.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context(RC):
        return [_draw(campaign, kind, picture, out_dir) for kind, picture in pictures(campaign)]


def pictures(campaign: Campaign) -> list[tuple[str, Picture]]:
    """Return every picture the campaign has data for, with its kind, ready to be drawn."""
    for module in iter_modules(__path__):  # each registers its charts, so that a new one needs no list to be in
        import_module(f"{__name__}.{module.name}")
    return [
        (kind, replace(picture, facts=(*picture.facts, machine(campaign))))
        for kind, make in charts()
        for picture in make(campaign)
    ]


def _draw(campaign: Campaign, kind: str, picture: Picture, out_dir: Path) -> Chart:
    footer = f"campaign {campaign.name} · {campaign.redraw_command}"
    light, dark = (slide(picture, theme, footer=footer, is_smoke=campaign.is_smoke) for theme in THEMES)
    svg = write_figures(light, dark, out_dir, picture.name)
    parts = {field.name: getattr(picture, field.name) for field in fields(picture)}
    chart = Chart(**parts, kind=kind, svg=svg, folder=out_dir)
    write_table(chart.file(".csv"), list(picture.rows[0]), (row.values() for row in picture.rows))
    return chart
