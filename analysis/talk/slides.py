"""Cards for the stage: one card a claim as PNG and SVG, and all of them as one 16:9 PDF deck, in two themes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from analysis.drawing.files import ENDINGS, write_figure
from analysis.drawing.style import LIGHT, RC, THEMES, Theme
from analysis.reading.campaign import Campaign
from analysis.stats.results import ClaimResult
from analysis.talk.card_drawing import draw_claim
from analysis.talk.cards import claim_card
from analysis.talk.title_card import draw_title
from experiment.records.writing import replaced

_SETTINGS: dict[Any, Any] = RC | {"pdf.fonttype": 42}  # fonts a reader's machine need not have
TIMELINE_ENDINGS = tuple(f"-timeline{theme.suffix}.gif" for theme in THEMES)
_NO_DATES = {"CreationDate": None, "Creator": None, "Producer": None}


def write_slides(campaign: Campaign, out_dir: Path, results: Sequence[ClaimResult]) -> list[Path]:
    """Draw a title and the cards of decided claims into `out_dir`; return every file, the two decks first.

    The decks' pages are whole slides; a card of its own is as high as its rows. The same data give the same bytes.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    slides = _slides(campaign, results)
    decks = [out_dir / f"deck{theme.suffix}.pdf" for theme in THEMES]
    with mpl.rc_context(_SETTINGS):
        for path, theme in zip(decks, THEMES, strict=True):
            with replaced(path) as file, PdfPages(file, metadata=_NO_DATES) as deck:
                for slide in slides.values():
                    deck.savefig(slide.page(theme))
        for name, slide in slides.items():
            write_figure(slide.card(LIGHT), out_dir, name)
    return [*decks, *(out_dir / f"{name}{ending}" for name in slides for ending in ENDINGS)]


def remove_cards(folder: Path, results: Iterable[ClaimResult]) -> None:
    """Remove the cards and timelines of claims that have none any more: an earlier call may have drawn them."""
    for result in results:
        for ending in (*ENDINGS, *TIMELINE_ENDINGS):
            (folder / f"{result.claim.id}{ending}").unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Slide:
    """How a slide is drawn: as a page of the deck, and as a card of its own."""

    page: Callable[[Theme], Figure]
    card: Callable[[Theme], Figure]


def _slides(campaign: Campaign, results: Sequence[ClaimResult]) -> dict[str, Slide]:
    """Return the slides by the name of their files."""
    title = partial(draw_title, campaign)
    slides = {"00-title": Slide(title, title)}
    for result in results:
        draw = partial(draw_claim, campaign, claim_card(campaign, result))
        slides[result.claim.id] = Slide(partial(draw, fills_slide=True), draw)
    return slides
