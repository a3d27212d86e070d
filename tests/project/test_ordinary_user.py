"""A fresh clone in a folder with spaces, without a home folder, and with no PostgreSQL on the PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from documented_commands import ROOT
from experiment.errors import Exit

if TYPE_CHECKING:
    from pathlib import Path

BIN = os.path.dirname(sys.executable)  # noqa: PTH120 - not resolved: the venv's python is a link
# what `make setup` would install is installed; where that stands has no space in it
INSTALLED = ("--old-file=.venv/.installed", f"BIN={BIN}")


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("with spaces") / "hand ler bench"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)], check=True)
    return folder


def make(clone: Path, target: str, args: str) -> subprocess.CompletedProcess[str]:
    kept = {
        n: v for n, v in os.environ.items() if not n.startswith(("BENCH_", "MAKE", "MFLAGS", "MPL")) and n != "HOME"
    }
    return subprocess.run(
        ["make", *INSTALLED, target, f"ARGS={args}"],
        cwd=clone,
        env=kept | {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(clone)},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_a_campaign_is_measured_and_drawn_there(clone: Path) -> None:
    done = make(clone, "bench", "--profile smoke --claims A18c --rounds 1")
    said = done.stdout + done.stderr
    assert done.returncode == 0 or f"Error {Exit.INVALID:d}" in said, said  # invalid: a busy machine discards trials
    assert "Traceback" not in said
    assert "MPLCONFIGDIR" not in said
    (campaign,) = (path for path in (clone / "results").glob("*-smoke-*") if not path.is_symlink())
    assert (campaign / "report.html").exists()
    assert (campaign / "trials.csv").read_text().count("\n") > 1


def test_nothing_is_left_in_the_tree_that_git_would_show(clone: Path) -> None:
    make(clone, "bench", "--help")
    shown = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert shown.stdout == ""
