"""What `pip install .` gives: everything is in the wheel, and its `bench` measures in whatever folder it is started."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import matplotlib as mpl
import pytest

from documented_commands import ROOT
from experiment.errors import Exit

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
NOT_IN_A_WHEEL = {"benchmarks", "tests", "results", "docs", "build"}
PACKAGES = [path for path in ROOT.iterdir() if list(path.glob("*.py")) and path.name not in NOT_IN_A_WHEEL]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy: a build leaves folders in the tree, and packs what an earlier one left there."""
    folder = tmp_path_factory.mktemp("build")
    for package in PACKAGES:
        shutil.copytree(package, folder / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    _run([*PIP, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", "dist", "."], cwd=folder)
    (made,) = (folder / "dist").glob("*.whl")
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A fresh environment with the wheel in it, and a folder of a user's to run it in."""

    venv: Path
    folder: Path
    environment: dict[str, str]

    def bench(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.venv / "bin" / "bench"), *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def files(self) -> set[Path]:
        """Everything around the user's folder, and our own results; compiled modules are nobody's concern."""
        around = [path for path in self.folder.parent.rglob("*") if self.folder not in (path, *path.parents)]
        return {path for path in (*around, *(ROOT / "results").iterdir()) if "__pycache__" not in path.parts}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The new environment finds our dependencies, but not our editable install: a .pth inside a .pth is not read."""
    folder = tmp_path_factory.mktemp("installed")
    made = folder / "venv"
    venv.create(made)
    python = str(made / "bin" / "python")
    packages = Path(_run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    _run([*PIP, "--python", python, "install", "--no-deps", "--no-index", str(wheel)])
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    own = {"HOME": str(folder / "home"), "TMPDIR": str(folder / "tmp"), "MPLCONFIGDIR": mpl.get_configdir()}
    return Installed(venv=made, folder=_with_modules_of_their_own(folder / "my talk"), environment=_apart() | own)


def _with_modules_of_their_own(folder: Path) -> Path:
    """Make a user's folder in which modules have the names of ours; whoever imports them fails."""
    for name in ("analysis", "bench_app", "harness"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise SystemExit('these are not yours')\n", encoding="utf-8")
    return folder


def _apart() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _run(command: list[str], cwd: Path | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=_apart(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_everything_we_run_is_in_the_wheel(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    files = [path for package in PACKAGES for path in package.rglob("*") if path.is_file()]
    ours = {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}
    assert packed == ours - {"locustfiles/README.md"}


def test_the_installed_modules_are_those_of_the_wheel(installed: Installed) -> None:
    told = "import harness, importlib.util as u; print(harness.__file__, u.find_spec('bench_app').origin)"
    for path in _run([str(installed.venv / "bin" / "python"), "-P", "-c", told], cwd=installed.folder).split():
        assert Path(path).is_relative_to(installed.venv)


def test_the_installed_bench_says_its_version(wheel: Path, installed: Installed) -> None:
    assert installed.bench("--version").stdout == f"bench {wheel.name.split('-')[1]}\n"


def test_the_installed_bench_measures_into_the_folder_it_is_started_in(installed: Installed) -> None:
    before = installed.files()
    done = installed.bench("run", "--profile", "smoke", "--claims", "A5", "--rounds", "1")
    # a busy machine may leave every trial invalid, honestly, and that is not tested here
    assert done.returncode in (Exit.OK, Exit.INVALID), done.stdout + done.stderr
    assert installed.files() == before
    campaign = installed.folder / "results" / "latest"
    report = (campaign / "report.html").read_text(encoding="utf-8")
    assert (ROOT / "analysis" / "report" / "templates" / "report.css").read_text(encoding="utf-8").strip() in report
    assert "<svg" in report
    assert {path.suffix for path in (campaign / "charts").iterdir()} == {".svg", ".png", ".csv"}


def test_what_needs_a_checkout_says_so(installed: Installed) -> None:
    done = installed.bench("publish", "results/latest")
    assert done.returncode == Exit.USAGE
    assert "installed from a wheel" in done.stderr
