"""What this machine cannot serve is skipped with the reason; it is never a failure."""

from __future__ import annotations

import os
import sys
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from analysis.stats.judge import judge_all
from analysis.stats.results import Verdict
from experiment.design.claims import CLAIMS
from experiment.design.factors import INTERPRETER, server
from experiment.design.model import Treatment
from experiment.errors import Exit
from harness.campaign.unserved import missing_servers
from harness.commands import measuring
from harness.trial import launch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from experiment.design.model import Claim

OURS = f"{sys.version_info.major}.{sys.version_info.minor}"
OTHERS = [c for c in CLAIMS.values() if any(t.server[INTERPRETER] for t in c.treatments)]
ON_OURS = Treatment(variant="upload.def", load="closed-8-short", server=server(interpreter=OURS))


@pytest.fixture(autouse=True)
def _nothing_is_remembered() -> Iterator[None]:
    """Forget which interpreters there are: the same path means another one in each test."""
    yield
    launch._version.cache_clear()
    launch._lacks.cache_clear()


@pytest.fixture
def _no_other_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_PYTHON", raising=False)
    monkeypatch.setenv("PATH", "")


@pytest.mark.usefixtures("_no_other_interpreter")
@pytest.mark.parametrize("asked", OTHERS, ids=lambda c: c.id)
def test_a_claim_about_a_missing_interpreter_is_skipped_and_says_how_to_get_one(asked: Claim) -> None:
    reasons = missing_servers(asked.treatments)
    assert reasons.keys() == {t.id for t in asked.treatments}
    [result] = judge_all([asked], [], skipped=reasons)
    assert result.verdict is Verdict.SKIPPED
    assert f"there is no Python {asked.treatments[0].server[INTERPRETER]} here" in result.reason
    assert "docs/other-interpreters.md" in result.reason


@pytest.mark.usefixtures("_no_other_interpreter")
def test_the_terminal_gives_the_reason_below_a_skipped_claim() -> None:
    asked = CLAIMS["B29"]
    results = judge_all([asked], [], skipped=missing_servers(asked.treatments))
    console = Console(file=StringIO(), width=300)
    measuring._show_verdicts(console, results)
    assert "there is no Python 3.14t here; name one with BENCH_PYTHON" in console.file.getvalue()  # type: ignore[attr-defined]
    assert measuring.exit_code(results) == Exit.OK


def test_there_are_such_claims() -> None:
    assert {c.id for c in OTHERS} == {"B29", "B29b", "B29c", "B30", "B30b"}


def test_an_interpreter_without_the_app_s_packages_is_said_to_lack_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
    bare.chmod(0o755)
    monkeypatch.setenv("BENCH_PYTHON", str(bare))
    [reason] = missing_servers([ON_OURS]).values()
    assert f"Python {OURS} cannot run the app: ModuleNotFoundError: No module named" in reason
    assert "docs/other-interpreters.md" in reason


def test_of_several_interpreters_the_one_with_the_version_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_PYTHON", os.pathsep.join(["/nowhere/python", "", sys.executable]))
    assert launch.python_for(ON_OURS.server.launch()) == sys.executable
    assert missing_servers([ON_OURS]) == {}


def test_what_the_variant_itself_loads_must_be_there_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_PYTHON", sys.executable)
    assert "no_such_parser" in (launch.unfit(ON_OURS.server, ["no_such_parser"]) or "")
