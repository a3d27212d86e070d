"""The docs: what they name exists, every word of the tables is explained, and the five-minute text works."""

from __future__ import annotations

import re
from pathlib import Path

from experiment.design.loads import LOADS
from experiment.records.trial import METRIC_FIELDS
from experiment.theory.validity import RULES

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
MAKEFILE = (ROOT / "Makefile").read_text()


def test_the_readme_names_its_two_commands_on_the_first_screen() -> None:
    first_screen = (ROOT / "README.md").read_text().splitlines()[:25]
    assert any("make bench" in line for line in first_screen)
    assert any("make test" in line for line in first_screen)


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


def test_loads_are_named_by_kind_and_number() -> None:
    for name, load in LOADS.items():
        assert name.startswith(f"{load.kind.value}-")
