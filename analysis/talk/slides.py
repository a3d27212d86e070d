"""Cards for the stage: one 16:9 card a claim as PNG and SVG, and all of them as one PDF deck, in two themes."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure

from analysis.drawing.files import ENDINGS, write_figure
from analysis.drawing.style import RC, THEMES, Theme
from analysis.reading.campaign import Campaign
from analysis.talk.card_drawing import draw_claim, draw_title
from analysis.talk.cards import claim_card
from experiment.records.writing import replaced

_SETTINGS: dict[Any, Any] = RC | {"pdf.fonttype": 42}  # fonts a reader's machine need not have
_NO_DATES = {"CreationDate": None, "Creator": None, "Producer": None}


def write_slides(campaign: Campaign, out_dir: Path) -> list[Path]:
    """Draw the deck into `out_dir` and return every file, the two decks first; the same data give the same bytes."""
    out_dir.mkdir(parents=True, exist_ok=True)
    slides = _slides(campaign)
    decks = [out_dir / f"deck{theme.suffix}.pdf" for theme in THEMES]
    with (
        mpl.rc_context(_SETTINGS),
        replaced(decks[0]) as light_file,
        replaced(decks[1]) as dark_file,
        PdfPages(light_file, metadata=_NO_DATES) as light_deck,
        PdfPages(dark_file, metadata=_NO_DATES) as dark_deck,
    ):
        for name, draw in slides.items():
            light, dark = (draw(theme) for theme in THEMES)
            light_deck.savefig(light)
            dark_deck.savefig(dark)
            write_figure(light, out_dir, name)
    return [*decks, *(out_dir / f"{name}{ending}" for name in slides for ending in ENDINGS)]


def _slides(campaign: Campaign) -> dict[str, Callable[[Theme], Figure]]:
    """Return how each card is drawn, by the name of its files."""
    claims = {r.claim.id: partial(draw_claim, campaign, claim_card(campaign, r)) for r in campaign.results}
    return {"00-title": partial(draw_title, campaign), **claims}
