"""The docs: what they name exists, and every word of the tables is explained."""

from __future__ import annotations

import re
from pathlib import Path

from experiment.design.loads import LOADS
from experiment.records.trial import METRIC_FIELDS
from experiment.theory.validity import RULES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
MAKEFILE = (ROOT / "Makefile").read_text()


def test_every_make_target_explains_itself() -> None:
    targets = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert targets
    for target in targets[1].split():
        assert re.search(rf"^{target}:.*## \S", MAKEFILE, re.MULTILINE), target


def test_every_column_of_trials_csv_is_in_the_contract() -> None:
    contract = (ROOT / "results" / "README.md").read_text()
    assert [name for name in METRIC_FIELDS if f"`{name}`" not in contract] == []


def test_every_validity_rule_says_what_to_do() -> None:
    for rule in RULES.values():
        assert rule.meaning.endswith(".")
        assert rule.advice.endswith((".", "?", ")."))


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_index_of_docs_and_so_the_sites_menu_has_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- \[[^\]]+\]\(([^)]+)\): \S", index, re.MULTILINE)
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - {"index.md", *listed} == set()
    assert len(listed) == len(set(listed)) == index.count("\n- ")


def test_loads_are_named_by_kind_and_number() -> None:
    for name, load in LOADS.items():
        assert name.startswith(f"{load.kind.value}-")
