"""Cards for the stage."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread

from analysis.drawing.canvas import SMOKE_MARK
from analysis.drawing.style import DARK, LIGHT
from analysis.reading.campaign import load_campaign
from analysis.reading.sentences import VERDICT_SIGNS
from analysis.stats.results import Verdict
from analysis.talk.card_drawing import NOTE, draw_claim, draw_title
from analysis.talk.cards import claim_card
from analysis.talk.slides import write_slides
from experiment.design.claims import A_A, CLAIMS
from experiment.design.metrics import BYSTANDER_P50
from experiment.design.model import Treatment, at_least
from experiment.design.plan import treatments_for
from fake_campaigns import write_campaign
from harness.commands.slides import make_slides

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

    from analysis.reading.campaign import Campaign
    from analysis.talk.cards import Card

JUDGED = [CLAIMS[name] for name in ("A1", "A5", "A21")]


@dataclass(frozen=True)
class Deck:
    campaign: Campaign
    written: list[Path]
    said: list[str]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    skipped = {"upload.async-process": "this machine has one core"}
    return load_campaign(write_campaign(tmp_path_factory.mktemp("results") / "whole", skipped=skipped))


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Deck:
    folder = tmp_path_factory.mktemp("results") / "c"
    write_campaign(folder, claims=JUDGED, treatments=treatments_for(JUDGED), rounds=3)
    said: list[str] = []
    return Deck(load_campaign(folder), make_slides(folder, said.append), said)


def cards(campaign: Campaign) -> dict[str, Card]:
    return {result.claim.id: claim_card(campaign, result) for result in campaign.results}


def texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def test_every_claim_gets_a_card_and_the_deck_a_title(deck: Deck) -> None:
    slides = deck.campaign.folder.path / "slides"
    for name in ("00-title", "A1", "A5", "A21"):
        for ending in (".png", ".dark.png", ".svg", ".dark.svg"):
            assert slides / f"{name}{ending}" in deck.written
    assert [path.name for path in deck.written[:2]] == ["deck.pdf", "deck.dark.pdf"]


def test_a_card_is_sixteen_to_nine(deck: Deck) -> None:
    for path in deck.written:
        if path.suffix == ".png":
            assert imread(path).shape[:2] == (900, 1600)
        if path.suffix == ".svg":
            root = ET.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - written a moment ago by us
            assert root.get("viewBox") == "0 0 1600 900"


def test_the_deck_has_a_page_a_card(deck: Deck) -> None:
    for pdf in deck.written[:2]:
        assert len(re.findall(rb"/Type /Page\b", pdf.read_bytes())) == len(JUDGED) + 1


def test_the_dark_card_has_no_colour_of_the_light_theme_left(deck: Deck) -> None:
    dark = (deck.campaign.folder.path / "slides" / "A1.dark.svg").read_text(encoding="utf-8")
    assert DARK.surface in dark
    for colour in (LIGHT.ink, LIGHT.muted, LIGHT.surface):
        assert colour not in dark


def test_the_command_says_where_the_decks_are(deck: Deck) -> None:
    assert [line for line in deck.said if line.endswith(".pdf")] == deck.said[:2]
    assert "slides" in deck.said[-1]


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", claims=JUDGED[:1], treatments=treatments_for(JUDGED[:1]), rounds=2)
    campaign = load_campaign(folder)
    first, second = write_slides(campaign, tmp_path / "a"), write_slides(campaign, tmp_path / "b")
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_a_card_says_statement_number_interval_verdict_and_command(whole: Campaign) -> None:
    card = cards(whole)["A1"]
    said = " ".join(texts(draw_claim(whole, card, LIGHT)))
    for part in ("✓ Supported", "4 rounds", "at most 0.1x", "bench claim A1", "«introduction»", whole.name):
        assert part in said
    assert re.search(r"0\.02\dx", said)
    assert [bar.label for bar in card.bars] == ["async-blocking", "def"]


def test_a_claim_of_two_comparisons_shows_both(whole: Campaign) -> None:
    card = cards(whole)["A9"]
    assert len(card.numbers) == len(card.ratios) == 2
    assert len(card.bars) == 3  # the baseline they share is drawn once


def test_bars_of_one_variant_under_two_loads_are_told_apart(tmp_path: Path) -> None:
    (comparison,) = CLAIMS["A8"].comparisons
    light = Treatment(variant=comparison.treatment.variant, load="closed-20")
    claim = replace(CLAIMS["A8"], comparisons=(replace(comparison, baseline=light),))
    campaign = load_campaign(write_campaign(tmp_path / "c", claims=[claim], treatments=claim.treatments))
    (card,) = cards(campaign).values()
    assert [bar.label.partition(", ")[2] for bar in card.bars] == ["80 users, closed loop", "20 users, closed loop"]
    assert "async-native closed-80 / async-native closed-20" in card.numbers[0].of


def test_a_structural_claim_shows_its_values_and_no_ratio(whole: Campaign) -> None:
    card = cards(whole)["A5"]
    assert [number.value for number in card.numbers] == ["100 %", "80"]
    assert card.ratios == ()
    assert len(card.structures) == 2
    assert "in each of 4 trials" in card.numbers[0].interval


def test_a_value_known_only_from_below_is_marked(tmp_path: Path) -> None:
    (blocked,) = [c for c in CLAIMS["A2"].beside if c.metric is BYSTANDER_P50]
    claim = replace(CLAIMS["A2"], comparisons=(replace(blocked, expected=at_least(20)),), beside=())
    campaign = load_campaign(write_campaign(tmp_path / "c", claims=[claim], treatments=claim.treatments))
    assert cards(campaign)["A2"].numbers[0].value.startswith("≥ ")


def test_what_was_skipped_or_cannot_be_measured_says_why_and_offers_no_command(whole: Campaign) -> None:
    found = cards(whole)
    assert found["A16"].result.verdict is Verdict.SKIPPED
    assert found["A21"].result.verdict is Verdict.NOT_MEASURABLE
    for name, reason in (("A16", "This machine has one core"), ("A21", "survey of code")):
        said = " ".join(texts(draw_claim(whole, found[name], LIGHT)))
        assert reason in said
        assert "bench claim" not in said


def test_a_verdict_is_told_by_sign_and_word_not_by_colour_alone(whole: Campaign) -> None:
    found = cards(whole)
    assert {found[name].word for name in ("A1", "A10", "A21")} == {"✓ Supported", "✗ Refuted", "– Not measurable"}


def test_a_claim_without_a_valid_trial_still_has_a_card(tmp_path: Path) -> None:
    campaign = load_campaign(write_campaign(tmp_path / "c", claims=JUDGED, rounds=0))
    for card in cards(campaign).values():
        assert card.numbers == ()
        draw_claim(campaign, card, DARK)
    draw_title(campaign, DARK)


def test_the_title_card_names_campaign_machine_and_tally(whole: Campaign) -> None:
    found = texts(draw_title(whole, LIGHT))
    said = " ".join(found)
    for part in ("claims, ", whole.name, "2 cores", "fastapi 0.130.0", "byte-identical"):
        assert part in said
    counts = [text.split() for text in found if text[:1] in set(VERDICT_SIGNS.values())]
    assert sum(int(count) for _, count in counts) == len(whole.results)


def test_a_smoke_run_is_marked_on_every_card(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", claims=JUDGED, treatments=A_A.treatments, rounds=1, is_smoke=True)
    campaign = load_campaign(folder)
    figures = [draw_claim(campaign, card, LIGHT) for card in cards(campaign).values()]
    for figure in (draw_title(campaign, LIGHT), *figures):
        assert SMOKE_MARK in texts(figure)


def test_nothing_on_a_card_is_too_small_or_runs_over_its_edge(whole: Campaign) -> None:
    card = cards(whole)["A11b"]
    claim = replace(card.result.claim, statement="A rather long statement that goes on and on " * 5)
    long = replace(card, result=replace(card.result, claim=claim))
    for card in (*cards(whole).values(), long):
        figure = draw_claim(whole, card, LIGHT)
        renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]  # else one for each text
        for text in figure.texts:
            box = text.get_window_extent(renderer)
            assert float(text.get_fontsize()) >= NOTE - 2, text.get_text()
            assert box.x0 >= 0, text.get_text()
            assert box.x1 <= 1600, text.get_text()
            assert box.y0 >= 0, text.get_text()
