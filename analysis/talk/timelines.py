"""The animated timelines of a talk: those a campaign has the data for, in two themes, and why it lacks the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import matplotlib as mpl

from analysis.drawing.style import RC, THEMES
from analysis.talk import timeline_burst, timeline_bystander
from analysis.talk.animation import write_gif

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.reading.campaign import Campaign

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
