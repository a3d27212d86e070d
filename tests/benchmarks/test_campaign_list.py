"""The list of a release's campaigns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from analysis.reading.campaign import load_campaign
from analysis.stats.results import Verdict
from benchmarks.campaign_list import listing
from experiment.design.claims import CLAIMS
from experiment.design.plan import treatments_for
from fake_campaigns import write_campaign

if TYPE_CHECKING:
    from pathlib import Path


def test_every_campaign_and_every_claim_has_its_line(tmp_path: Path) -> None:
    asked = ([CLAIMS["A1"], CLAIMS["A21"], CLAIMS["A8"]], [CLAIMS["A1"]])
    folders = [
        write_campaign(tmp_path / str(i), claims=claims, treatments=treatments_for(claims), invalid=())
        for i, claims in enumerate(asked)
    ]
    text = listing([load_campaign(folder) for folder in folders])
    assert "| 1 | 2026-01-01-made-up | 7 | 0123456 | 612 s | 20 | 20 | 2 of 2 | all decided |" in text.splitlines()
    assert "| A1 | supported | supported |" in text
    assert "| A8 | supported |  |" in text
    assert "A21" not in text
    assert text.endswith("Decided in two ways: none.")


def test_what_was_decided_in_two_ways_is_named(tmp_path: Path) -> None:
    claims = [CLAIMS["A1"]]
    first = load_campaign(write_campaign(tmp_path / "c", claims=claims, treatments=claims[0].treatments))
    other = replace(first, results=tuple(replace(r, verdict=Verdict.REFUTED) for r in first.results))
    assert listing([first, other]).endswith("Decided in two ways: A1.")
