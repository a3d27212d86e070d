"""The animated timelines of a talk, as GIFs in two themes: those there are data for, and why the others are missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from analysis.drawing.canvas import Picture, slide
from analysis.drawing.style import DPI, RC, THEMES, Theme
from analysis.reading.campaign import Campaign
from analysis.talk import timeline_burst, timeline_bystander
from analysis.talk.timeline import Mover, Timeline
from experiment.records.writing import replaced

FRAME_MS, HOLD_MS = 200, 6000  # a frame lasts a fifth of a second; the last one long enough to be read
_SCALE = 0.8  # 1280x720: half the bytes, and type of 14 pixels at least
_COLOURS, _APART = 256, 12
_TIMELINES = {
    timeline_burst.NAME: timeline_burst.burst_timeline,
    timeline_bystander.NAME: timeline_bystander.bystander_timeline,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineFiles:
    """The files, and the timelines that were left out, each with the reason."""

    files: tuple[Path, ...]
    left_out: dict[str, str]


def write_timelines(campaign: Campaign, out_dir: Path) -> TimelineFiles:
    """Write the timelines there are data for into `out_dir`, as GIFs of 1280x720; nothing is made up for the others."""
    out_dir.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    left_out: dict[str, str] = {}
    footer = f"campaign {campaign.name} · {campaign.redraw_command}".replace("bench report", "bench slides")
    with mpl.rc_context(RC):
        for name, make in _TIMELINES.items():
            found = make(campaign)
            if isinstance(found, str):
                left_out[name] = found
                continue
            for theme in THEMES:
                path = out_dir / f"{name}{theme.suffix}.gif"
                files.append(write_gif(found, theme, path, footer=footer, is_smoke=campaign.is_smoke))
    return TimelineFiles(files=tuple(files), left_out=left_out)


def write_gif(timeline: Timeline, theme: Theme, path: Path, *, footer: str, is_smoke: bool) -> Path:
    """Write a timeline as a GIF that goes round and round; the same data give the same bytes."""
    movers: list[Mover] = []
    pace = "in real time" if timeline.speed == 1 else f"{timeline.speed} times as fast as it was"
    picture = Picture(
        name=timeline.name,
        title=timeline.title,
        facts=(*timeline.facts, pace),
        draw=lambda canvas: movers.append(timeline.draw(canvas)),
    )
    figure = slide(picture, theme, footer=footer, is_smoke=is_smoke)
    frames = _frames(figure, movers[0], _moments(timeline))
    durations = [FRAME_MS] * (len(frames) - 1) + [HOLD_MS]
    with replaced(path) as file:
        frames[0].save(file, format="GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return path


def _moments(timeline: Timeline) -> list[float]:
    """Return the seconds that are shown, the first and the last included."""
    step = timeline.speed * FRAME_MS / 1000
    return [*(step * n for n in range(ceil(timeline.span_s / step))), timeline.span_s]


def _frames(figure: Figure, mover: Mover, moments: Sequence[float]) -> list[Image.Image]:
    """Return a picture a moment, in the colours of the last: that has everything on it."""
    figure.set_dpi(DPI * _SCALE)
    canvas: Any = FigureCanvasAgg(figure)  # its methods have no annotations
    canvas.draw()  # once: what stands still is copied, which is what makes a hundred frames affordable
    ground = canvas.copy_from_bbox(figure.bbox)
    shots: list[Image.Image] = []
    palette: Image.Image | None = None
    for moment in reversed(moments):
        canvas.restore_region(ground)
        for artist in mover(moment):
            figure.draw_artist(artist)
        shot = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB")
        palette = palette or _palette(shot)
        shots.append(shot.quantize(palette=palette, dither=Image.Dither.NONE))
    return shots[::-1]


def _palette(shot: Image.Image) -> Image.Image:
    """Return the commonest colours of a picture, and of those close to each other only the commonest.

    Pillow finds a pixel's colour by its highest bits; beside an off-white in the palette, white would become that.
    """
    counted: Any = shot.getcolors(shot.width * shot.height)  # of RGB: (how often, (red, green, blue))
    chosen: list[tuple[int, int, int]] = []
    for _, colour in sorted(counted, key=lambda found: (-found[0], found[1])):
        if len(chosen) < _COLOURS and all(_apart(colour, other) >= _APART for other in chosen):
            chosen.append(colour)
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in chosen for part in colour])
    return palette


def _apart(one: tuple[int, int, int], other: tuple[int, int, int]) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
