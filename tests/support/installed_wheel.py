"""A wheel of this tree, installed in a fresh environment, and a user's folder to run its `bench` in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl

from documented_commands import ROOT

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
_NOT_IN_A_WHEEL = {"benchmarks", "tests", "build"}
_MODULES = ("*.py", "handlerbench_guest/*.py")  # guest is only the folder that an app gets on its path
PACKAGES = [
    path for path in ROOT.iterdir() if any(map(list, map(path.glob, _MODULES))) and path.name not in _NOT_IN_A_WHEEL
]
THEIR_OWN = ("analysis", "bench_app", "harness")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """`folder` is where a user starts `bench`; `home` and `tmp` are what its environment names as such."""

    venv: Path
    folder: Path
    home: Path
    tmp: Path

    def bench(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.venv / "bin" / "bench"), *words]
        places = {"HOME": str(self.home), "TMPDIR": str(self.tmp), "MPLCONFIGDIR": mpl.get_configdir()}
        return subprocess.run(
            command, cwd=self.folder, env=_apart() | places, capture_output=True, text=True, timeout=110, check=False
        )

    def python(self, program: str) -> str:
        return _run([str(self.venv / "bin" / "python"), "-P", "-c", program], cwd=self.folder).strip()


def build(folder: Path) -> Path:
    """Return the wheel of a copy: a build leaves folders in the tree, and packs what an earlier one left there."""
    for package in PACKAGES:
        shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    _run([*PIP, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", "dist", "."], cwd=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Installed:
    """Install it where our dependencies are found, but not our editable install: a .pth file inside a folder that a
    .pth file names is not read. The user's folder has modules with the names of ours; whoever imports them fails."""
    made = Installed(venv=folder / "venv", folder=folder / "my talk", home=folder / "home", tmp=folder / "tmp")
    venv.create(made.venv)
    for path in (made.home, made.tmp, *(made.folder / name for name in THEIR_OWN)):
        path.mkdir(parents=True)
    for name in THEIR_OWN:
        (made.folder / name / "__init__.py").write_text("raise SystemExit('not yours')\n", encoding="utf-8")
    packages = Path(made.python("import sysconfig; print(sysconfig.get_path('purelib'))"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    _run([*PIP, "--python", str(made.venv), "install", "--no-deps", "--no-index", str(wheel)], cwd=folder)
    return made


def _apart() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _run(command: list[str], *, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, env=_apart(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
