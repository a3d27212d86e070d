"""The answer that the report begins with: every sentence of it follows from a verdict."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.reading.campaign import load_campaign
from analysis.report.advice import _HEADLINES, ADVICE, Advice, advice, headline
from analysis.stats.results import Verdict
from experiment.design.claims import CLAIMS
from experiment.design.plan import treatments_for
from fake_campaigns import write_campaign

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.reading.campaign import Campaign
    from drawn_campaign import Drawn


def judged(campaign: Campaign, **verdicts: Verdict) -> Campaign:
    """Return the campaign as if these claims had come out so."""
    results = tuple(replace(r, verdict=verdicts.get(r.claim.id, r.verdict)) for r in campaign.results)
    return replace(campaign, results=results)


def texts(campaign: Campaign) -> dict[str, tuple[str, str]]:
    return {row.claims[0].id: (row.use, row.why) for row in advice(campaign)}


@pytest.mark.parametrize("row", ADVICE, ids=lambda row: row.claim)
def test_an_advice_rests_on_claims_that_load_can_decide(row: Advice) -> None:
    for name in (row.claim, *row.also):
        assert CLAIMS[name].is_measurable


@pytest.mark.parametrize("row", ADVICE, ids=lambda row: row.claim)
@pytest.mark.parametrize("verdict", [Verdict.SUPPORTED, Verdict.REFUTED])
def test_either_verdict_gives_its_own_advice_with_the_claim_s_figure(
    drawn: Drawn, row: Advice, verdict: Verdict
) -> None:
    use, why = texts(judged(drawn.campaign, **{row.claim: verdict}))[row.claim]
    assert use == (row.supported if verdict is Verdict.SUPPORTED else row.refuted).use
    assert re.search(r"[\d.]+x", why)


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.INVALID, Verdict.SKIPPED])
def test_what_was_not_decided_is_no_advice(drawn: Drawn, verdict: Verdict) -> None:
    use, why = texts(judged(drawn.campaign, A1=verdict))["A1"]
    assert use == ""
    assert why == f"not decided here: {verdict.value}"


def test_the_headline_needs_its_claims_supported(drawn: Drawn) -> None:
    for needed, text in _HEADLINES:
        others = {name: Verdict.REFUTED for all_of, _ in _HEADLINES for name in all_of - needed}
        wanted = dict.fromkeys(needed, Verdict.SUPPORTED)
        assert headline(judged(drawn.campaign, **others, **wanted)) == text
    assert headline(judged(drawn.campaign, A1=Verdict.REFUTED, A8=Verdict.INCONCLUSIVE)).startswith("Of 30 claims, ")


def test_a_campaign_that_asked_nothing_of_it_begins_with_how_its_claims_came_out(tmp_path: Path) -> None:
    claims = [CLAIMS["A20"]]
    campaign = load_campaign(write_campaign(tmp_path / "c", treatments=treatments_for(claims), claims=claims, rounds=2))
    assert advice(campaign) == ()
    assert headline(campaign).startswith("Of 1 claim, 1 is ")


def test_a_smoke_run_gives_no_advice(tmp_path: Path) -> None:
    claims = [CLAIMS["A1"], CLAIMS["A8"]]
    planned = treatments_for(claims)
    campaign = load_campaign(write_campaign(tmp_path / "c", treatments=planned, claims=claims, rounds=2, is_smoke=True))
    assert advice(campaign) == ()
    assert headline(campaign).startswith("Of 2 claims, ")
