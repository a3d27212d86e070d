"""Pages about claims: what they say with a campaign, and what without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analysis.reading.campaign import load_campaign
from analysis.report.claim_page import Measured, claim_page, sentence
from analysis.report.folklore_page import folklore_page
from experiment.design.claims import CLAIMS
from experiment.design.plan import treatments_for
from fake_campaigns import write_campaign

if TYPE_CHECKING:
    pass

HOW = {"made_by": "make-it", "bench": "bench"}
SOME = ("A1", "A8", "B27")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Measured]:
    claims = [CLAIMS[name] for name in SOME]
    folder = tmp_path_factory.mktemp("results") / "reference"
    campaign = load_campaign(write_campaign(folder, claims=claims, treatments=treatments_for(claims), invalid=()))
    charts = frozenset({"goodput-sleep"})
    return {r.claim.id: Measured(campaign=campaign, result=r, charts=charts) for r in campaign.results}


def test_a_page_says_what_was_registered_found_and_how_to_measure_it(measured: dict[str, Measured]) -> None:
    page = claim_page(CLAIMS["A8"], measured["A8"], **HOW)
    assert page.startswith("# A8 sync-just-less-scalable\n\nWith 80 users, twice the pool's threads,")
    assert "\n\n**Supported: 1." in page
    assert "| goodput of sleep.async-native@closed-80 / sleep.def@closed-80 | at least 1.5x |" in page
    assert "- `closed-80`: 80 users, closed loop; warm-up 500 ms, window 1.6 s" in page
    assert "[2026-01-01-made-up](../../results/reference/report.md)" in page
    assert "\n    bench claim A8\n" in page
    for heading in ("Who says so", "What would refute it", "Registered", "Measured", "Measure it"):
        assert f"\n## {heading}\n" in page


def test_a_page_shows_the_chart_that_the_folder_keeps(measured: dict[str, Measured]) -> None:
    assert "](../../results/reference/charts/goodput-sleep.svg)" in claim_page(CLAIMS["A1"], measured["A1"], **HOW)
    assert ".svg" not in claim_page(CLAIMS["B27"], measured["B27"], **HOW)


def test_what_was_not_measured_says_so() -> None:
    page = claim_page(CLAIMS["A8"], None, **HOW)
    assert "**Not measured yet.**" in page
    assert "Not measured yet by a campaign that is committed here." in page


def test_what_load_cannot_decide_has_no_numbers() -> None:
    page = claim_page(CLAIMS["A21"], None, **HOW)
    assert "**Not measurable.**" in page
    assert "## Registered" not in page
    assert "bench claim" not in page


def test_a_table_that_changed_since_is_told(measured: dict[str, Measured]) -> None:
    assert "something else since" not in claim_page(CLAIMS["A8"], measured["A8"], **HOW)
    assert "something else since" in claim_page(CLAIMS["A8"], measured["A1"], **HOW)


def test_names_keep_their_case() -> None:
    page = claim_page(CLAIMS["A8"], None, **HOW)
    assert "From the article, «" in page
    assert f"It is refuted if {CLAIMS['A8'].refuted_by}" in page


def test_the_folklore_has_a_row_a_claim_with_source_load_and_outcome(measured: dict[str, Measured]) -> None:
    claims = [CLAIMS["B5"], CLAIMS["B27"]]
    page = folklore_page(claims, measured, **HOW)
    (row,) = [line for line in page.splitlines() if line.startswith("| [B27](claims/B27.md) ")]
    for part in (CLAIMS["B27"].source, "4 users, closed loop", "100 arrivals a second", measured["B27"].verdict):
        assert part in row
    assert "Of 2 claims: 1 " in page
    assert "1 not measured yet" in page
    assert "[2026-01-01-made-up](../results/reference/report.md) on Example Processor 9000, 2 cores" in page


def test_without_a_campaign_the_folklore_says_that_nothing_was_measured() -> None:
    page = folklore_page([CLAIMS["B5"]], {}, **HOW)
    assert "None of it has been measured by a campaign that is committed here." in page
    assert page.count("not measured yet |") == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [("it is so", "It is so."), ("It is so.", "It is so."), ("", ""), ("# no heading", "\\# no heading.")],
)
def test_a_text_of_the_table_becomes_a_sentence(text: str, said: str) -> None:
    assert sentence(text) == said
