"""What `pip install .` gives. That its `bench` measures, and where it writes, is in test_end_to_end.py."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import ZipFile

from documented_commands import ROOT
from experiment.errors import Exit
from installed_wheel import PACKAGES

if TYPE_CHECKING:
    from installed_wheel import Installed


def test_everything_we_run_is_in_the_wheel(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = (path for package in PACKAGES for path in package.rglob("*") if path.is_file())
    ours = {name for path in files if not re.search(r"/(\.|__pycache__)", name := str(path.relative_to(ROOT)))}
    assert packed == ours - {"locustfiles/README.md"}


def test_the_installed_modules_are_those_of_the_wheel(installed: Installed) -> None:
    for module in ("harness", "bench_app"):
        assert Path(installed.python(f"import {module}; print({module}.__file__)")).is_relative_to(installed.venv)


def test_the_installed_bench_says_its_version(wheel: Path, installed: Installed) -> None:
    assert installed.bench("--version").stdout == f"bench {wheel.name.split('-')[1]}\n"


def test_what_needs_a_checkout_says_so(installed: Installed) -> None:
    done = installed.bench("publish", "results/latest")
    assert done.returncode == Exit.USAGE
    assert "installed from a wheel" in done.stderr
