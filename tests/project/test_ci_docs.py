"""What docs/ci.md says can be typed, and the figures in it are what the code gives."""

from __future__ import annotations

import re
import shlex
from math import exp
from pathlib import Path
from statistics import stdev

import pytest

from analysis.comparing.gate import parse_gate
from analysis.stats.independent import half_width
from experiment.design.claims import CLAIMS
from experiment.design.plan import treatments_for
from experiment.errors import Exit
from harness.commands.cli import parser_for

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def _commands(name: str) -> list[list[str]]:
    """Return every call of a program in the page's code blocks, as words after its name."""
    blocks = re.findall(r"^```\w+\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)
    lines = [re.sub(r"^\s*(- )?(run: (?!\|))?", "", line) for block in blocks for line in block.splitlines()]
    words = [shlex.split(line) for line in lines if re.match(rf"(\S*/)?{name} ", line)]
    return [found[1:] for found in words]


@pytest.mark.parametrize("words", _commands("bench"), ids=" ".join)
def test_every_bench_command_parses(words: list[str]) -> None:
    args = parser_for(words).parse_args(words)
    for gate in getattr(args, "fail_on", []):
        parse_gate(gate)
    assert set(getattr(args, "claims", None) or ()) <= set(CLAIMS)


def test_the_page_has_commands_of_both_kinds() -> None:
    assert len(_commands("bench")) == 10
    assert len(_commands("make")) == 5


@pytest.mark.parametrize("words", _commands("make"), ids=" ".join)
def test_every_make_target_exists(words: list[str]) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert words[-1] in targets


def test_the_exit_codes_are_the_real_ones() -> None:
    told = (Exit.OK, Exit.USAGE, Exit.GATE_FAILED, Exit.INVALID)
    assert [int(n) for n in re.findall(r"\b(\d) when", TEXT)] == [int(code) for code in told]


@pytest.mark.parametrize("trials", [4, 10])
def test_what_a_gate_can_see_is_as_told(trials: int) -> None:
    shape = [(-1.0) ** n for n in range(trials)]
    logs = [0.03 * v / stdev(shape) for v in shape]
    reach = exp(half_width(logs, logs, 0.05 / 10)) - 1
    assert f"reaches {reach * 100:.1f} %" in " ".join(TEXT.split())


def test_the_workflow_has_as_many_treatments_as_told() -> None:
    measured = {words[words.index("--claims") + 1] for words in _commands("bench") if "--budget" in words}
    (claims,) = measured
    assert len(treatments_for([CLAIMS[c] for c in claims.split(",")])) == 10
