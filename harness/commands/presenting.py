"""What `bench slides` and `bench answers` do: read a finished campaign and write what a talk or a page needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.system.places import short

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def make_slides(path: Path, say: Callable[[str], None]) -> list[Path]:
    """Draw a campaign's cards, decks and timelines into its slides/ folder; return their paths, the decks first."""
    from analysis.reading.campaign import load_campaign
    from analysis.talk.slides import write_slides
    from analysis.talk.timelines import write_timelines

    campaign = load_campaign(path)
    written = write_slides(campaign, path / "slides")
    for deck in (p for p in written if p.suffix == ".pdf"):
        say(short(deck))
    timelines = write_timelines(campaign, path / "slides")
    for timeline in timelines.files:
        say(short(timeline))
    for name, reason in timelines.left_out.items():
        say(f"no {name}: {reason}")
    say(f"{short(path / 'slides')}: {len(written)} files, cards as PNG and SVG")
    return [*written, *timelines.files]


def make_answers(path: Path, out: Path, say: Callable[[str], None]) -> Path:
    """Write the interview questions, answered with a campaign's numbers, to `out`; return it."""
    from analysis.reading.campaign import load_campaign
    from analysis.report.answers import answers_markdown
    from experiment.records.store import write_whole

    text = answers_markdown(load_campaign(path))
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, text)
    say(short(out))
    return out
