"""Cards for the stage: one 16:9 card a claim as PNG and SVG, and all of them as one PDF deck, in two themes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.backends.backend_pdf import PdfPages

from analysis.drawing.style import DARK, LIGHT, RC, recoloured
from analysis.drawing.svg import small
from analysis.talk.card_drawing import draw_claim, draw_title
from analysis.talk.cards import claim_card, title_card
from experiment.records.store import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from matplotlib.figure import Figure

    from analysis.drawing.style import Theme
    from analysis.reading.campaign import Campaign

_DECK = "deck"
_SETTINGS: dict[Any, Any] = RC | {"pdf.fonttype": 42}  # fonts a reader's machine need not have


@dataclass(frozen=True, slots=True, kw_only=True)
class _Slide:
    """A card by its file name, and how to draw it."""

    name: str
    draw: Callable[[Theme], Figure]


def write_slides(campaign: Campaign, out_dir: Path) -> list[Path]:
    """Draw the deck into `out_dir` and return every file, the two decks first; the same data give the same bytes."""
    out_dir.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    decks: list[Path] = []
    with mpl.rc_context(_SETTINGS):
        for theme in (LIGHT, DARK):
            deck = out_dir / f"{_DECK}{_suffix(theme)}.pdf"
            written += _write_deck(list(_slides(campaign)), theme, deck)
            decks.append(deck)
    return [*decks, *written]


def _slides(campaign: Campaign) -> Iterator[_Slide]:
    opening = title_card(campaign)
    yield _Slide(name="00-title", draw=partial(draw_title, campaign, opening))
    for result in campaign.results:
        card = claim_card(campaign, result)
        yield _Slide(name=card.id, draw=partial(draw_claim, campaign, card))


def _write_deck(slides: list[_Slide], theme: Theme, deck: Path) -> list[Path]:
    written: list[Path] = []
    with PdfPages(deck, metadata={"CreationDate": None, "Creator": None, "Producer": None}) as pages:
        for slide in slides:
            figure = slide.draw(theme)
            pages.savefig(figure)
            written += _write_pictures(figure, slide.name, theme, deck.parent)
    return written


def _write_pictures(figure: Figure, name: str, theme: Theme, out_dir: Path) -> list[Path]:
    """Write a card as PNG; the light one also as SVG, of which the dark SVG is made."""
    png = out_dir / f"{name}{_suffix(theme)}.png"
    figure.savefig(png, format="png", metadata={"Software": None}, pil_kwargs={"compress_level": 4})
    if theme is not LIGHT:
        return [png]
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    light, dark = out_dir / f"{name}.svg", out_dir / f"{name}{_suffix(DARK)}.svg"
    text = small(buffer.getvalue())
    write_whole(light, text)
    write_whole(dark, recoloured(text, DARK.tokens()))
    return [png, light, dark]


def _suffix(theme: Theme) -> str:
    return "" if theme is LIGHT else f".{theme.name}"
