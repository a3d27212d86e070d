"""The README's words follow the verdicts: what a campaign did not decide is not stated."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from analysis.reading.campaign import load_campaign
from analysis.report.style_advice import ADVICE, FATES, fates_markdown, style_advice_markdown
from analysis.stats.results import Verdict
from documented_commands import ROOT
from experiment.design.claims import CLAIMS
from prose import too_long

if TYPE_CHECKING:
    from analysis.reading.campaign import Campaign
    from analysis.report.style_advice import Advice, Part

UNDECIDED = [Verdict.INCONCLUSIVE, Verdict.INVALID, Verdict.SKIPPED, Verdict.NOT_MEASURABLE]
FIGURE = re.compile(r"\d\s*(?:rps|ms|s|µs)\b")


@pytest.fixture(scope="module")
def reference() -> Campaign:
    return load_campaign(ROOT / "results" / "reference")


def judged(campaign: Campaign, verdict: Verdict, *claims: str) -> Campaign:
    """Return the campaign with another verdict on some claims, or on all of them."""
    named = claims or tuple(CLAIMS)
    results = (replace(r, verdict=verdict) if r.claim.id in named else r for r in campaign.results)
    return replace(campaign, results=tuple(results))


def rows(campaign: Campaign) -> list[list[str]]:
    """Return the cells of the table's rows."""
    lines = [line for line in style_advice_markdown(campaign).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


@pytest.mark.parametrize("verdict", UNDECIDED)
def test_a_campaign_that_decided_nothing_states_no_style_and_no_figure(reference: Campaign, verdict: Verdict) -> None:
    campaign = judged(reference, verdict)
    assert len(rows(campaign)) == len(ADVICE)
    for _, use, gives, avoid, _ in rows(campaign):
        assert use == "not decided"
        assert not FIGURE.search(gives + avoid)
    assert not FIGURE.search(fates_markdown(campaign))


@pytest.mark.parametrize("verdict", Verdict)
def test_no_verdict_makes_a_long_sentence_or_an_unfilled_one(reference: Campaign, verdict: Verdict) -> None:
    for text in (style_advice_markdown(judged(reference, verdict)), fates_markdown(judged(reference, verdict))):
        assert too_long(text) == []
        assert not re.search(r"[{}]", text)


@pytest.mark.parametrize("advice", ADVICE, ids=lambda advice: advice.handler)
def test_a_style_is_advised_where_its_claims_are_supported(reference: Campaign, advice: Advice) -> None:
    supported = rows(judged(reference, Verdict.SUPPORTED))[ADVICE.index(advice)]
    assert "`" in supported[1] or supported[1] == "a process pool"
    assert FIGURE.search(supported[2])


def test_a_refuted_claim_is_no_reason_to_use_what_it_was_for(reference: Campaign) -> None:
    assert "aiohttp" in rows(judged(reference, Verdict.SUPPORTED, "A11b"))[1][1]
    assert "aiohttp" not in rows(judged(reference, Verdict.REFUTED, "A11b"))[1][1]
    assert "one shared httpx client" in rows(judged(reference, Verdict.REFUTED, "A11"))[1][3]
    assert "one shared httpx client" in rows(judged(reference, Verdict.SUPPORTED, "A11"))[1][1]


@pytest.mark.parametrize("part", FATES, ids=lambda part: part.claim)
def test_what_became_of_a_claim_is_said_by_its_verdict(reference: Campaign, part: Part) -> None:
    claim = part.claim
    said = dict.fromkeys(UNDECIDED, "not decided")
    for verdict, word in {Verdict.SUPPORTED: "supported", Verdict.REFUTED: "refuted", **said}.items():
        assert f"**{claim} is {word}" in fates_markdown(judged(reference, verdict))


def test_every_claim_that_is_named_is_registered() -> None:
    named = {claim for advice in ADVICE for claim in advice.claims} | {part.claim for part in FATES}
    assert named <= CLAIMS.keys()


def test_a_campaign_without_these_claims_has_no_table(reference: Campaign) -> None:
    few = replace(reference, results=tuple(r for r in reference.results if r.claim.id == "A9"))
    assert style_advice_markdown(few) == ""
    assert fates_markdown(few) == ""
