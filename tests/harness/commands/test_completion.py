"""`bench completion`: scripts that complete what there is, and know of every argument what it takes."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from bench_app.catalogue import CATALOGUE
from experiment.design.claims import CLAIMS
from experiment.errors import Exit
from harness.commands import app
from harness.commands.cli import COMMANDS, main, new_parser
from harness.commands.completion import PLACES, SHELLS, WORDS
from harness.commands.parsing import add_all

if TYPE_CHECKING:
    from pathlib import Path

FREE = {
    "N",
    "5m",
    "100,200",
    "1,20",
    "5ms,50ms",
    "1ms,10ms",
    "10,40",
    "5%",
    "GATE",
    "NAME",
    "REQUEST",
    "TARGET",
    "A,B",
    "HOST[:PORT]",
    "ADDRESS",
    "ssh://USER@HOST[/PATH]",
}
"""Metavars of what a user makes up, or of what only a file of theirs knows."""

COMPLETED = {
    "bench cl": {"claim", "clean"},
    "bench app ": set(app.COMMANDS),
    "bench claim A1": {name for name in CLAIMS if name.startswith("A1")},
    "bench sweep sleep.def no": {name for name in CATALOGUE if name.startswith("no")},
    "bench run --prof": {"--profile"},
    "bench run --profile s": {"smoke", "sweep"},
    "bench list --json lo": {"loads"},
    "bench app try home --style ": {"def", "on-loop"},
    "bench report re": {"results"},
    "bench completion ": set(SHELLS),
}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_has_a_script_with_every_command_and_id(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == Exit.OK
    script = capsys.readouterr().out
    for name in (*COMMANDS, *app.COMMANDS, *CATALOGUE, *CLAIMS):
        assert name in script
    checks = {"bash": ["-n"], "zsh": ["-n"], "fish": ["--no-execute"]}
    if shutil.which(shell):
        subprocess.run([shell, *checks[shell]], input=script, text=True, check=True)


def test_every_argument_with_a_value_says_what_completes_it() -> None:
    parser = new_parser()
    unknown = [
        f"{each.prog} {action.dest}: {action.metavar}"
        for each in add_all(parser, COMMANDS)
        for action in each.arguments
        if action.nargs != 0 and action.metavar not in {*WORDS, *PLACES, *FREE} and not action.choices
    ]
    assert unknown == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
@pytest.mark.parametrize("line", COMPLETED)
def test_bash_completes(line: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "results").mkdir()
    assert main(["completion", "bash"]) == Exit.OK
    (tmp_path / "script").write_text(capsys.readouterr().out, encoding="utf-8")
    words = [*line.split(), *[""] * line.endswith(" ")]
    ask = f". ./script; COMP_WORDS=({shlex.join(words)}); COMP_CWORD={len(words) - 1}; _shtab_bench; "
    ask += 'printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", ask], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == COMPLETED[line]


def test_another_shell_is_refused_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "fisch"]) == Exit.USAGE
    assert "there is no shell to complete in 'fisch'. Did you mean fish?" in capsys.readouterr().err
