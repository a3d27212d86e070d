"""Cards for the stage."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread
from matplotlib.text import Text

from analysis.drawing.canvas import SMOKE_MARK
from analysis.drawing.style import DARK, HEIGHT, LIGHT, WIDTH
from analysis.reading.campaign import load_campaign
from analysis.reading.sentences import VERDICT_SIGNS
from analysis.stats.results import Verdict
from analysis.talk.card_drawing import draw_claim
from analysis.talk.cards import claim_card, decided, left_out
from analysis.talk.slides import write_slides
from analysis.talk.stage import FOOTER_HEIGHT, FOOTER_LEAST, LEAST
from analysis.talk.title_card import draw_title
from documented_commands import ROOT
from experiment.design.claims import A_A, CLAIMS
from experiment.design.metrics import BYSTANDER_P50
from experiment.design.model import Interval, Treatment, at_least
from experiment.design.plan import treatments_for
from experiment.errors import UsageError
from fake_campaigns import write_campaign
from harness.commands.slides import make_slides

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

    from analysis.reading.campaign import Campaign
    from analysis.talk.cards import Card

JUDGED = [CLAIMS[name] for name in ("A1", "A5", "A21")]
SHOWN = ("A1", "A5")


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
def reference() -> Campaign:
    return load_campaign(ROOT / "results" / "reference")


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Deck:
    folder = tmp_path_factory.mktemp("results") / "c"
    write_campaign(folder, claims=JUDGED, treatments=treatments_for(JUDGED), rounds=3)
    said: list[str] = []
    return Deck(load_campaign(folder), make_slides(folder, said.append), said)


def cards(campaign: Campaign) -> dict[str, Card]:
    """Return the card of every claim, decided or not."""
    return {result.claim.id: claim_card(campaign, result) for result in campaign.results}


def texts(figure: Figure) -> list[str]:
    return [text.get_text().replace("\u00a0", " ") for text in figure.findobj(Text) if text.get_text()]


def boxes(figure: Figure) -> list[tuple[Text, Bbox]]:
    """Return every text that is seen, with the pixels it takes."""
    renderer = FigureCanvasAgg(figure).get_renderer()  # type: ignore[no-untyped-call]  # else one for each text
    seen = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]
    return [(text, text.get_window_extent(renderer)) for text in seen]


def slides_of(campaign: Campaign) -> Iterator[tuple[str, Figure]]:
    """Yield every slide of a campaign, also of claims that need more rounds: they may be decided one day."""
    yield "title", draw_title(campaign, LIGHT)
    for name, card in cards(campaign).items():
        if card.rows:
            yield name, draw_claim(campaign, card, LIGHT)
            yield f"{name}, a whole slide", draw_claim(campaign, card, LIGHT, fills_slide=True)


def check_texts(name: str, figure: Figure) -> None:
    """No text is small, cut or off the slide, and no two overlap."""
    found = boxes(figure)
    for text, box in found:
        said = f"{name}: {text.get_text()}"
        is_footer = box.y1 <= FOOTER_HEIGHT
        assert float(text.get_fontsize()) >= (FOOTER_LEAST if is_footer else LEAST), said
        assert "…" not in text.get_text() or is_footer, said
        assert box.x0 >= 0, said
        assert box.x1 <= WIDTH, said
        assert box.y0 >= 0, said
        assert box.y1 <= figure.bbox.height, said
    for (one, box), (other, beside) in combinations(found, 2):
        assert not _overlap(box, beside), f"{name}: {one.get_text()!r} and {other.get_text()!r}"


def _overlap(one: Bbox, other: Bbox) -> bool:
    across = min(one.x1, other.x1) - max(one.x0, other.x0)
    down = min(one.y1, other.y1) - max(one.y0, other.y0)
    return bool(across > 1 and down > 1)


def test_the_smallest_type_on_a_card_is_28_pixels() -> None:
    assert LEAST == 28


@pytest.mark.parametrize("of", ["whole", "reference"])
def test_no_text_of_a_slide_is_small_cut_or_over_another(of: str, request: pytest.FixtureRequest) -> None:
    for name, figure in slides_of(request.getfixturevalue(of)):
        check_texts(name, figure)


def test_a_long_statement_and_long_names_fit_as_well(whole: Campaign) -> None:
    for name in ("A1", "A11b", "A19"):
        card = cards(whole)[name]
        claim = replace(card.result.claim, statement="A rather long statement that goes on and on " * 5)
        long = replace(card, result=replace(card.result, claim=claim))
        check_texts(name, draw_claim(whole, long, LIGHT))


def test_a_card_is_as_high_as_its_rows_and_no_third_of_it_is_empty(reference: Campaign) -> None:
    for name, figure in slides_of(reference):
        height = float(figure.bbox.height)
        assert height <= HEIGHT
        edges = sorted((height - box.y1, height - box.y0) for _, box in boxes(figure))
        low, widest = 0.0, 0.0
        for top, bottom in edges:
            widest, low = max(widest, top - low), max(low, bottom)
        assert widest < height / 4, name


def test_a_deck_has_whole_slides_of_sixteen_to_nine(deck: Deck) -> None:
    for pdf in deck.written[:2]:
        boxes_of_pages = re.findall(rb"/MediaBox \[ ?0 0 (\d+) (\d+) ?\]", pdf.read_bytes())
        assert set(boxes_of_pages) == {(b"1600", b"900")}
        assert len(re.findall(rb"/Type /Page\b", pdf.read_bytes())) == len(SHOWN) + 1


def test_every_decided_claim_gets_a_card_and_the_deck_a_title(deck: Deck) -> None:
    slides = deck.campaign.folder.path / "slides"
    for name in ("00-title", *SHOWN):
        for ending in (".png", ".dark.png", ".svg", ".dark.svg"):
            assert slides / f"{name}{ending}" in deck.written
    assert not list(slides.glob("A21*"))
    assert [path.name for path in deck.written[:2]] == ["deck.pdf", "deck.dark.pdf"]


def test_the_files_of_a_card_have_its_size(deck: Deck) -> None:
    for svg in (path for path in deck.written if path.suffix == ".svg"):
        root = ET.fromstring(svg.read_text(encoding="utf-8"))  # noqa: S314 - written a moment ago by us
        _, _, width, height = map(float, (root.get("viewBox") or "").split())
        assert width == WIDTH
        assert imread(svg.with_suffix(".png")).shape[:2] == (height, width)


def test_the_dark_card_has_no_colour_of_the_light_theme_left(deck: Deck) -> None:
    dark = (deck.campaign.folder.path / "slides" / "A1.dark.svg").read_text(encoding="utf-8")
    assert DARK.surface in dark
    for colour in (LIGHT.ink, LIGHT.muted, LIGHT.surface):
        assert colour not in dark


def test_the_command_says_where_the_decks_are_and_what_it_left_out(deck: Deck) -> None:
    assert [line for line in deck.said if line.endswith(".pdf")] == deck.said[:2]
    assert "no card without a verdict: A21 (not measurable)" in deck.said
    assert "slides" in deck.said[-1]


def test_what_was_left_out_is_said_on_one_line_by_verdict(whole: Campaign) -> None:
    told = left_out(whole.results)
    assert "A16 (skipped); A21 (not measurable)" in told
    assert left_out(decided(whole.results)) == ""
    shown = {result.verdict for result in decided(whole.results)}
    assert shown == {Verdict.SUPPORTED, Verdict.REFUTED}


def test_only_the_claims_that_were_asked_for_are_drawn(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", claims=JUDGED, treatments=treatments_for(JUDGED), rounds=3)
    names = {path.name.split(".")[0] for path in make_slides(folder, lambda _: None, claims=["A5", "A21"])}
    assert names == {"deck", "00-title", "A5"}


@pytest.mark.parametrize(
    ("claims", "complaint"), [(["A21"], "A21 \\(not measurable\\)"), (["A8"], "did not ask A8. It has A1, A5, A21")]
)
def test_claims_of_which_nothing_can_be_shown_are_refused(claims: list[str], complaint: str, tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", claims=JUDGED, treatments=treatments_for(JUDGED), rounds=2)
    with pytest.raises(UsageError, match=complaint):
        make_slides(folder, lambda _: None, claims=claims)


def test_a_card_of_a_claim_that_has_no_verdict_any_more_is_removed(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", claims=JUDGED, treatments=treatments_for(JUDGED), rounds=3)
    slides = folder / "slides"
    slides.mkdir()
    (slides / "A21.png").touch()
    (slides / "mine.png").touch()
    make_slides(folder, lambda _: None, claims=["A5", "A21"])
    assert not (slides / "A21.png").exists()
    assert (slides / "mine.png").exists()


def test_the_same_data_give_the_same_bytes(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", claims=JUDGED[:1], treatments=treatments_for(JUDGED[:1]), rounds=2)
    campaign = load_campaign(folder)
    first, second = (write_slides(campaign, tmp_path / name, campaign.results) for name in "ab")
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


def test_a_card_says_statement_ratio_interval_verdict_and_command(whole: Campaign) -> None:
    card = cards(whole)["A1"]
    said = " ".join(texts(draw_claim(whole, card, LIGHT)))
    for part in ("✓ Supported", "times slower than def", "4 rounds", "expected: at least 10 times slower"):
        assert part in said
    for part in ("bench claim A1", "«introduction»", whole.name):
        assert part in said
    assert [bar.name for bar in card.rows[0].bars] == ["async-blocking", "def"]


@pytest.mark.parametrize("of", ["whole", "reference"])
def test_no_card_has_a_ratio_with_an_x(of: str, request: pytest.FixtureRequest) -> None:
    for name, figure in slides_of(request.getfixturevalue(of)):
        for text in texts(figure):
            assert not re.search(r"\d ?[x×]\b", text), f"{name}: {text}"


def test_a_claim_of_two_comparisons_has_a_row_and_a_sign_for_each(whole: Campaign) -> None:
    rows = cards(whole)["A9"].rows
    assert [len(row.bars) for row in rows] == [2, 2]
    assert all(row.expected.startswith("✓ ") for row in rows)


def test_what_the_claim_allows_is_shaded_on_the_treatments_bar(whole: Campaign) -> None:
    blocking, plain = cards(whole)["A1"].rows[0].bars
    assert blocking.expected is not None
    assert blocking.expected.high == pytest.approx(plain.value.median / 10)
    assert plain.expected is None


def test_tools_of_one_style_have_shades_of_their_own(whole: Campaign) -> None:
    httpx2, aiohttp = (row.bars[0] for row in cards(whole)["A11b"].rows)
    assert httpx2.style is aiohttp.style
    assert httpx2.colour != aiohttp.colour


def test_bars_of_one_variant_under_two_loads_are_told_apart(tmp_path: Path) -> None:
    (comparison,) = CLAIMS["A8"].comparisons
    light = Treatment(variant=comparison.treatment.variant, load="closed-20")
    claim = replace(CLAIMS["A8"], comparisons=(replace(comparison, baseline=light),))
    campaign = load_campaign(write_campaign(tmp_path / "c", claims=[claim], treatments=claim.treatments))
    (card,) = cards(campaign).values()
    assert [bar.details for bar in card.rows[0].bars] == ["80 users, closed loop", "20 users, closed loop"]
    assert card.rows[0].compared_with.endswith("async-native · closed-20")
    check_texts("A8", draw_claim(campaign, card, LIGHT))


def test_a_structural_claim_shows_its_values(whole: Campaign) -> None:
    rows = cards(whole)["A5"].rows
    assert [row.said for row in rows] == ["100 %", "80"]
    assert rows[0].interval == "in each of 4 trials"
    assert rows[1].bars[0].expected == Interval(41, float("inf"))


def test_a_value_known_only_from_below_is_marked(tmp_path: Path) -> None:
    (blocked,) = [c for c in CLAIMS["A2"].beside if c.metric is BYSTANDER_P50]
    claim = replace(CLAIMS["A2"], comparisons=(replace(blocked, expected=at_least(20)),), beside=())
    campaign = load_campaign(write_campaign(tmp_path / "c", claims=[claim], treatments=claim.treatments))
    (row,) = cards(campaign)["A2"].rows
    assert row.said.startswith("at least ")
    assert row.bars[0].text.startswith("≥ ")


def test_a_comparison_without_a_figure_keeps_its_row_and_says_so(tmp_path: Path) -> None:
    campaign = load_campaign(write_campaign(tmp_path / "c", claims=JUDGED, rounds=0))
    (row,) = cards(campaign)["A1"].rows
    assert (row.said, row.bars) == ("no figure", ())
    check_texts("A1", draw_claim(campaign, cards(campaign)["A1"], DARK))
    draw_title(campaign, DARK)


def test_a_verdict_is_told_by_sign_and_word_not_by_colour_alone(whole: Campaign) -> None:
    found = cards(whole)
    assert {found[name].word for name in ("A1", "A10")} == {"✓ Supported", "✗ Refuted"}


def test_the_title_card_names_campaign_machine_and_tally(whole: Campaign) -> None:
    found = texts(draw_title(whole, LIGHT))
    said = " ".join(found)
    for part in ("statements judged", whole.name, "2 cores", "fastapi 0.130.0", "byte-identical"):
        assert part in said
    counts = [text.split() for text in found if text[:1] in set(VERDICT_SIGNS.values())]
    assert sum(int(count) for _, count in counts) == len(whole.results)


def test_a_smoke_run_is_marked_on_every_card(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", claims=JUDGED, treatments=A_A.treatments, rounds=1, is_smoke=True)
    campaign = load_campaign(folder)
    for name, figure in slides_of(campaign):
        assert any(SMOKE_MARK in text for text in texts(figure)), name
        check_texts(name, figure)
