"""Pages that follow from tables are what their tables say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from documented_commands import ROOT
from experiment.theory.validity import FAILURE_RULES, RULES
from harness.commands import generated_docs
from harness.commands.generated_docs import COMMAND, PAGES, main

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_is_what_its_table_makes(page: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == PAGES[page](), f"run: {COMMAND}"


def test_the_command_writes_every_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generated_docs, "HOME", tmp_path)
    (tmp_path / "docs").mkdir()
    main()
    written = (path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file())
    assert set(map(str, written)) == PAGES.keys()


def test_every_rule_has_its_meaning_and_advice_on_the_page() -> None:
    page = PAGES["docs/validity-rules.md"]()
    for rule in RULES.values():
        assert f"## {rule.id}\n\n{rule.meaning}" in page
        assert f"What to do: {rule.advice}\n" in page
    for name, (meaning, _) in FAILURE_RULES.items():
        assert f"## {name}\n\n{meaning}" in page
