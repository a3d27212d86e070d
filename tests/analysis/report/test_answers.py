"""The interview page: its sentences follow the verdicts."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from analysis.reading.campaign import load_campaign
from analysis.report.answers import answers_markdown
from analysis.report.question_texts import FITS, QUESTIONS
from analysis.stats.results import Verdict
from experiment.design.claims import A_A, CLAIMS, CLAIMS_VERSION
from experiment.design.model import Interval
from experiment.design.profiles import ARTICLE_CLAIMS
from experiment.errors import Exit
from fake_campaigns import write_campaign
from harness.commands.cli import main

if TYPE_CHECKING:
    from analysis.reading.campaign import Campaign
    from experiment.design.model import Claim

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def campaign(made_up: Campaign) -> Campaign:
    return made_up


@pytest.fixture(scope="module")
def pages(campaign: Campaign) -> dict[Verdict, str]:
    """The page of the same campaign, had every claim come out one way."""
    return {
        verdict: answers_markdown(
            replace(campaign, results=tuple(replace(r, verdict=verdict) for r in campaign.results))
        )
        for verdict in (Verdict.SUPPORTED, Verdict.REFUTED, Verdict.INCONCLUSIVE)
    }


def line_of(text: str, claim: str) -> str:
    (found,) = [line for line in text.splitlines() if f"[{claim}](" in line]
    return found


def test_every_question_of_the_article_is_answered(campaign: Campaign) -> None:
    text = answers_markdown(campaign)
    for heading in ("Why is my FastAPI app slow?", "`async def` and `def`?", "Should I make everything async?"):
        assert heading in text


def test_every_claim_that_is_answered_exists_and_is_answered_once() -> None:
    claims = [saying.claim for question in QUESTIONS for saying in question.sayings]
    assert len(set(claims)) == len(claims)
    assert set(claims) == set(ARTICLE_CLAIMS)


def test_a_sentence_has_this_campaign_s_numbers_and_a_link_to_its_claim(campaign: Campaign) -> None:
    line = line_of(answers_markdown(campaign), "A1")
    assert re.search(r"leaves (9\.\d|10) rps of the (39\d|40\d) rps", line)
    assert "(../" in line
    assert "report.md), supported, 0.02" in line


@pytest.mark.parametrize("name", [s.claim for q in QUESTIONS for s in q.sayings])
def test_a_refuted_claim_changes_its_sentence(pages: dict[Verdict, str], name: str) -> None:
    lines = {verdict: line_of(page, name) for verdict, page in pages.items()}
    assert len({line.partition(" ([")[0] for line in lines.values()}) == len(pages)
    for verdict, line in lines.items():
        assert verdict.value in line


def test_data_against_a_claim_change_its_sentence(tmp_path: Path) -> None:
    def moved(claim: Claim) -> Claim:
        return replace(claim, comparisons=tuple(replace(c, expected=Interval(5, 9)) for c in claim.comparisons))

    claims = [moved(CLAIMS["A1"])]
    text = answers_markdown(load_campaign(write_campaign(tmp_path / "c", claims=claims)))
    assert "is not the first suspect here" in line_of(text, "A1")
    assert "refuted" in line_of(text, "A1")


def test_no_sentence_has_a_hole_in_it(campaign: Campaign) -> None:
    text = answers_markdown(campaign)
    assert "{" not in text
    assert "None" not in text
    for line in text.splitlines():
        assert not line.startswith("- –")


def test_what_was_not_asked_is_not_answered(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", claims=[CLAIMS["A20"]], treatments=A_A.treatments, rounds=1)
    text = answers_markdown(load_campaign(folder))
    assert "Should I make everything async?" in text
    assert "Why is my FastAPI app slow?" not in text


def test_the_page_says_where_it_comes_from_and_how_to_make_it_again(campaign: Campaign) -> None:
    text = answers_markdown(campaign)
    assert campaign.name in text
    path = campaign.folder.path
    assert f"bench answers {path.parent.name}/{path.name}" in text
    assert str(path) not in text


def test_a_smoke_run_is_called_no_evidence(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path / "c", treatments=A_A.treatments, rounds=1, is_smoke=True)
    assert "not evidence" in answers_markdown(load_campaign(folder))


def test_the_command_writes_the_page(campaign: Campaign, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "docs" / "answers.md"
    assert main(["answers", str(campaign.folder.path), "--out", str(out)]) == Exit.OK
    assert out.read_text(encoding="utf-8") == answers_markdown(campaign)
    assert capsys.readouterr().out == f"{out}\n"


def test_the_sentences_fit_today_s_claims() -> None:
    assert CLAIMS_VERSION in FITS


def test_a_campaign_with_other_claims_is_not_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_campaign(tmp_path / "c", treatments=A_A.treatments, rounds=1)
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace(f'"claims_version": {CLAIMS_VERSION}', '"claims_version": 1'))
    assert main(["answers", str(folder), "--out", str(tmp_path / "answers.md")]) == Exit.USAGE
    assert "version 1 of the claims" in capsys.readouterr().err
    assert not (tmp_path / "answers.md").exists()


def test_the_page_in_docs_is_made_from_the_reference_campaign() -> None:
    page, reference = ROOT / "docs" / "answers.md", ROOT / "results" / "reference"
    for path in (page, reference):
        if not path.exists():
            pytest.skip(f"there is no {path.relative_to(ROOT)} yet")
    assert page.read_text(encoding="utf-8") == answers_markdown(load_campaign(reference)), (
        "run: bench answers results/reference"
    )
