"""The answer that the report begins with: every sentence of it follows from a verdict."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.reading.campaign import load_campaign
from analysis.report.advice import _HEADLINES, advice, headline
from analysis.report.style_advice import ADVICE, style_answers
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


def test_the_rows_are_those_of_readme(drawn: Drawn) -> None:
    rows, answers = advice(drawn.campaign), style_answers(drawn.campaign)
    assert [row.use for row in rows] == [answer.use.replace("`", "") for answer in answers]
    assert [tuple(mark.id for mark in row.claims) for row in rows] == [each.claims for each in ADVICE]
    assert [row.when.split()[0] for row in rows] == ["Your", *["It"] * (len(rows) - 1)]


def test_no_row_has_signs_of_markdown(drawn: Drawn) -> None:
    for verdict in (Verdict.SUPPORTED, Verdict.REFUTED):
        for row in advice(judged(drawn.campaign, **dict.fromkeys(CLAIMS, verdict))):
            assert not set("`*_|") & set(f"{row.when}{row.use}{row.gives}{row.avoid}".replace("run_in_threadpool", ""))


@pytest.mark.parametrize("verdict", [Verdict.INCONCLUSIVE, Verdict.INVALID, Verdict.SKIPPED])
def test_what_was_not_decided_is_no_advice(drawn: Drawn, verdict: Verdict) -> None:
    first = advice(judged(drawn.campaign, A8=verdict))[0]
    assert first.use == ""
    assert first.gives == "more than def? Not decided"


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
