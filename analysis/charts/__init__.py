"""Every chart of a campaign, drawn: SVG and PNG in both themes, and the numbers in it as CSV."""

from dataclasses import dataclass, fields, replace
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from analysis.charts.registry import charts
from analysis.charts.two_processes import Drawing, Job, draw_each, second_process
from analysis.drawing.canvas import Picture, Spot
from analysis.reading.campaign import Campaign
from analysis.reading.facts import machine
from experiment.records.store import write_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart(Picture):
    """A picture that was drawn: `kind` is the function that made it, `svg` the drawing in the light theme.

    `spots` are the values on it that a reader of a page can ask for.
    """

    kind: str
    svg: str
    spots: tuple[Spot, ...]
    folder: Path

    def file(self, ending: str) -> Path:
        """Return the file with one of the ENDINGS: the drawing, or with `.csv` its rows."""
        return self.folder / f"{self.name}{ending}"


def draw_all(campaign: Campaign, out_dir: Path) -> list[Chart]:
    """Draw every chart the campaign has data for into `out_dir`; the same data give the same bytes."""
    out_dir.mkdir(parents=True, exist_ok=True)
    footer = f"campaign {campaign.name} · {campaign.redraw_command}"
    with second_process() as second:
        planned = pictures(campaign)
        jobs = [Job(picture=p, footer=footer, is_smoke=campaign.is_smoke, folder=out_dir) for _, p in planned]
        drawn = zip(planned, draw_each(jobs, second), strict=True)
        return [_chart(kind, picture, drawing, out_dir) for (kind, picture), drawing in drawn]


def pictures(campaign: Campaign) -> list[tuple[str, Picture]]:
    """Return every picture the campaign has data for, with its kind, ready to be drawn."""
    load_charts()
    return [
        (kind, replace(picture, facts=(*picture.facts, machine(campaign))))
        for kind, make in charts()
        for picture in make(campaign)
    ]


def load_charts() -> None:
    """Import every module of this room: each registers its charts, so that a new one needs no list to be in."""
    for module in iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")


def _chart(kind: str, picture: Picture, drawing: Drawing, folder: Path) -> Chart:
    parts = {field.name: getattr(picture, field.name) for field in fields(picture)}
    chart = Chart(**parts, kind=kind, svg=drawing.svg, spots=drawing.spots, folder=folder)
    write_table(chart.file(".csv"), list(picture.rows[0]), (row.values() for row in picture.rows))
    return chart
