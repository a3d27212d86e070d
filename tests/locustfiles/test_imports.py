"""What locustfiles import: gevent patches the standard library and must not meet the rest of the project."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

import pytest

from misbehaving_servers import LOCUSTFILES

if TYPE_CHECKING:
    from pathlib import Path

ROOT = LOCUSTFILES.parent
CONTRACT = "experiment.records.driver_protocol"
BETWEEN_WORKERS = {"experiment.records.sharding", "experiment.records.worker_protocol"}
PARTS = {path.stem: path for path in LOCUSTFILES.glob("*.py")}
OURS = {"analysis", "bench_app", "benchmarks", "experiment", "harness", "locustfiles", "tests"}


def imported(path: Path) -> set[str]:
    """Return the modules that a file imports anywhere in it, those for the type checker included."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


def of_the_project(modules: set[str]) -> set[str]:
    return {module for module in modules if module.split(".")[0] in OURS}


def reached(name: str) -> set[str]:
    """Return every module that a locustfile imports, itself or through its parts."""
    todo = [name]
    found: set[str] = set()
    while todo:
        new = imported(PARTS[todo.pop()]) - found
        found |= new
        todo += [module for module in new if module in PARTS]
    return found


def test_every_package_of_the_project_is_looked_for() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} <= OURS


@pytest.mark.parametrize("name", sorted(PARTS))
def test_a_locustfile_imports_nothing_of_the_project_but_the_contract(name: str) -> None:
    assert of_the_project(imported(PARTS[name])) <= {CONTRACT, *BETWEEN_WORKERS}


@pytest.mark.parametrize("name", ["closed", "open"])
def test_what_runs_with_plain_locust_needs_nothing_of_the_project(name: str) -> None:
    assert {"_client", "_target"} < reached(name)
    assert of_the_project(reached(name)) == set()


def test_the_driver_speaks_by_the_contract() -> None:
    assert of_the_project(reached("trials")) == {CONTRACT, *BETWEEN_WORKERS}


def test_the_contract_brings_only_pydantic_and_the_standard_library_along() -> None:
    contract = ROOT / "experiment" / "records" / "driver_protocol.py"
    assert of_the_project(imported(contract)) == {"experiment.records.validation"}
    both = imported(contract) | imported(contract.with_name("validation.py"))
    outside = {module.split(".")[0] for module in both - of_the_project(both)}
    assert outside - sys.stdlib_module_names == {"pydantic", "pydantic_core"}
