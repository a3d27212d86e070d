"""What the project promises about itself beside the code: versions, targets, markers, records."""

from __future__ import annotations

import os
import re
import tomllib
from typing import Any

import pytest

from documented_commands import ROOT
from load_groups import KINDS, TOGETHER

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
RUNNERS = [*WORKFLOWS, ROOT / ".pre-commit-config.yaml", ROOT / ".ci" / "run", ROOT / "CONTRIBUTING.md"]
RECORDS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))


def test_the_version_is_the_same_wherever_it_stands() -> None:
    version = PROJECT["project"]["version"]
    (latest, date) = re.findall(r"^## (\S+) \((\S+)\)$", CHANGELOG, re.MULTILINE)[0]
    assert latest == version
    assert f"\nversion: {version}\n" in CITATION
    assert f"\ndate-released: {date}\n" in CITATION
    assert f"\nlicense: {PROJECT['project']['license']}\n" in CITATION


def test_every_version_tells_methodology_and_code_apart() -> None:
    for section in re.split(r"^## ", CHANGELOG, flags=re.MULTILINE)[1:]:
        assert re.findall(r"^### (.*)$", section, re.MULTILINE) == ["Methodology", "Code"]


@pytest.mark.parametrize("path", RUNNERS, ids=lambda path: path.name)
def test_every_target_that_is_named_exists(path: Any) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    named = re.findall(r"(?:^ *|`|entry: |run: )make ([a-z-]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert named
    assert set(named) - set(targets) == set()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_only_is_bounded_and_pins_its_actions(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.search(r"^permissions:\n  contents: read\n\n", text, re.MULTILINE)
    assert re.search(r"^concurrency:$", text, re.MULTILINE)
    assert re.search(r"^    timeout-minutes: \d+$", text, re.MULTILINE)
    actions = re.findall(r"uses: (\S+)", text)
    assert actions
    assert [action for action in actions if not re.fullmatch(r"[\w/-]+@v\d+", action)] == []


def test_the_workflow_runs_what_ci_runs_on_every_python_we_name() -> None:
    text = (ROOT / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8")
    assert "- run: .ci/run\n" in text
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert f'python: ["{PROJECT["project"]["requires-python"].removeprefix(">=")}", ' in text


def test_ci_installs_a_browser_where_there_is_none_and_runs_checks_and_tests() -> None:
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert "  $SUDO apt-get install -y -qq --no-install-recommends chromium >/dev/null" in lines
    assert [line for line in lines if line.startswith("make ")] == ["make check", "make docs", "make test"]


def test_hooks_download_nothing() -> None:
    text = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert re.findall(r"repo: (.*)", text) == ["local"]
    assert set(re.findall(r"language: (.*)", text)) == {"system"}


def test_what_the_table_of_markers_names_exists() -> None:
    files = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    for name in set().union(*KINDS.values(), *TOGETHER.values()):
        module, _, test = name.partition("::")
        assert module in files, name
        assert not test or re.search(rf"^ *(async )?def {test}\(", files[module], re.MULTILINE), name


def test_the_markers_are_those_of_the_table() -> None:
    markers = PROJECT["tool"]["pytest"]["ini_options"]["markers"]
    assert [marker.partition(":")[0] for marker in markers] == list(KINDS)


def test_the_plan_of_rooms_names_every_room() -> None:
    plan = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for contract in PROJECT["tool"]["importlinter"]["contracts"]:
        rooms = [room.strip() for layer in contract.get("layers", ()) for room in layer.split("|")]
        assert [room for room in rooms if room != "errors" and f"`{room}`" not in plan] == []


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_decision_has_a_number_a_context_and_consequences_and_is_listed(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    number = f"{RECORDS.index(path) + 1:04}"
    assert path.name.startswith(f"{number}-")
    assert text.startswith(f"# {number} ")
    assert re.findall(r"^\*\*(.*?)\.\*\*", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert f"({path.name})" in (path.parent / "README.md").read_text(encoding="utf-8")
