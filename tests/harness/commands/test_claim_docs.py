"""docs/claims: a page for every claim, and none for one that there is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from documented_commands import ROOT
from experiment.design.claims import CLAIMS
from harness.commands import generated_docs
from harness.commands.claim_docs import FOLDER, kept_charts
from harness.commands.generated_docs import COMMAND, PAGES, left_over_pages, main
from harness.system.places import REFERENCE

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_every_claim_has_a_page_that_the_index_links_to() -> None:
    index = PAGES["docs/claims.md"]()
    for claim in CLAIMS.values():
        assert f"{FOLDER}/{claim.id}.md" in PAGES
        assert f"\n## {claim.id} {claim.slug}\n" in index
        assert f"(claims/{claim.id}.md)" in index


def test_no_page_is_left_of_a_claim_that_went() -> None:
    assert left_over_pages(ROOT) == [], f"run: {COMMAND}"


def test_the_command_removes_what_is_left_of_a_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generated_docs, "HOME", tmp_path)
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / FOLDER / "Z9.md").write_text("# Z9\n", encoding="utf-8")
    main()
    assert not (tmp_path / FOLDER / "Z9.md").exists()
    assert "docs/claims/Z9.md: removed, there is no such claim" in capsys.readouterr().out


def test_only_charts_that_the_repository_keeps_are_shown() -> None:
    assert kept_charts(REFERENCE) == {"goodput-sleep", "demo-burst-10", "matrix", "verdicts-1", "verdicts-2"}
