"""The animated timelines of a talk, as GIFs in two themes: one for each claim about a burst or about bystanders."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from analysis.drawing.canvas import blank
from analysis.drawing.style import DPI, HEIGHT, RC, THEMES, Theme
from analysis.reading.campaign import Campaign
from analysis.stats.results import ClaimResult
from analysis.talk.stage import FOOTER_HEIGHT, HEADING_HEIGHT, LEAST, footer, heading, paragraph
from analysis.talk.timeline import Mover, Timeline
from analysis.talk.timeline_burst import burst_timeline, burst_treatments
from analysis.talk.timeline_bystander import bystander_timeline, bystander_treatments
from experiment.design.model import Claim, Load
from experiment.records.writing import replaced

FRAME_MS, HOLD_MS = 200, 6000  # a frame lasts a fifth of a second; the last one long enough to be read
_SCALE = 0.8  # 1280x720: half the bytes
_COLOURS, _APART = 256, 12
_TITLE = 44.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineFiles:
    """The files, and one line for each timeline that was left out: why there is none."""

    files: tuple[Path, ...]
    told: tuple[str, ...]


def has_timeline(claim: Claim, loads: Mapping[str, Load]) -> bool:
    """Whether a claim is about something that is seen as it happens: a burst, or what bystanders wait."""
    return bool(burst_treatments(claim, loads) or bystander_treatments(claim))


def write_timelines(campaign: Campaign, out_dir: Path, results: Iterable[ClaimResult]) -> TimelineFiles:
    """Write the timelines of these claims into `out_dir`, as GIFs of 1280x720; nothing is made up where data lack."""
    out_dir.mkdir(parents=True, exist_ok=True)
    files: list[Path] = []
    told: list[str] = []
    with mpl.rc_context(RC):
        for claim in (result.claim for result in results if has_timeline(result.claim, campaign.loads)):
            found = timeline_of(campaign, claim)
            if isinstance(found, str):
                told.append(f"no timeline of {claim.id}: {found}")
                continue
            for theme in THEMES:
                path = out_dir / f"{claim.id}-timeline{theme.suffix}.gif"
                files.append(write_gif(campaign, found, theme, path))
    return TimelineFiles(files=tuple(files), told=tuple(told))


def timeline_of(campaign: Campaign, claim: Claim) -> Timeline | str:
    """Return a claim's timeline, or why there is nothing to show."""
    burst = burst_treatments(claim, campaign.loads)
    if burst:
        return burst_timeline(campaign, claim, burst)
    return bystander_timeline(campaign, claim, bystander_treatments(claim))


def write_gif(campaign: Campaign, timeline: Timeline, theme: Theme, path: Path) -> Path:
    """Write a timeline as a GIF that goes round and round; the same data give the same bytes."""
    figure, mover = slide_of(campaign, timeline, theme)
    frames = _frames(figure, mover, _moments(timeline))
    durations = [FRAME_MS] * (len(frames) - 1) + [HOLD_MS]
    with replaced(path) as file:
        frames[0].save(file, format="GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    return path


def slide_of(campaign: Campaign, timeline: Timeline, theme: Theme) -> tuple[Figure, Mover]:
    """Return the slide with what stands still drawn on it, and what moves on it."""
    canvas = blank(theme)
    heading(canvas, f"{timeline.claim.id} · {timeline.pace}", is_smoke=campaign.is_smoke)
    y = paragraph(canvas, timeline.title, HEADING_HEIGHT, size=_TITLE, lines=2, weight="bold")
    facts = "\u00a0· ".join(timeline.facts)  # no line begins with a dot
    y = paragraph(canvas, facts, y + 8, size=LEAST, lines=2, colour=theme.muted)
    mover = timeline.draw(replace(canvas, top=y + 26, bottom=HEIGHT - FOOTER_HEIGHT - 8))
    footer(canvas, campaign, f"Measure it again:  bench claim {timeline.claim.id}")
    return canvas.figure, mover


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
