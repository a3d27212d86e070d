"""Virtual environments such as apps of other people have: other Pythons, other versions of FastAPI, or Starlette alone.

Each is made once and kept, in the folder that HANDLERBENCH_TEST_ENVIRONMENTS names, else in ~/.cache. What it holds is
pinned, and its folder's name follows from that. Where the interpreter is missing, or pip reaches no index, the tests
that need it are skipped, with the reason.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from experiment.design.factor import FactorError, Launch
from harness.trial.launch import python_for

_FOLDER = "HANDLERBENCH_TEST_ENVIRONMENTS"
_NO_INDEX = ("No matching distribution", "Could not find a version", "Connection", "Temporary failure", "timed out")
_PIP = (
    *("-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"),
    *("--retries", "1", "--timeout", "10"),
)

_TODAY = (
    *("annotated-doc==0.0.7", "annotated-types==0.8.0", "anyio==4.16.0", "click==8.5.1", "h11==0.16.0", "idna==3.20"),
    *("opentelemetry-api==1.45.2", "pydantic==2.14.4", "pydantic_core==2.50.5", "python-multipart==0.0.34"),
    *(
        "starlette==1.10.0",
        "typing-inspection==0.4.5",
        "typing_extensions==4.16.0",
        "uvicorn==0.54.0",
        "websockets==17.4",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppEnvironment:
    """An environment of somebody's app. `requirements` are all that is in it."""

    name: str
    version: str  # of Python
    requirements: tuple[str, ...]

    @property
    def has_fastapi(self) -> bool:
        return any(requirement.startswith("fastapi==") for requirement in self.requirements)

    @property
    def folder(self) -> Path:
        return _kept(self.name, "\n".join((self.version, *self.requirements)))

    def python(self) -> Path:
        """Return its interpreter, having made the environment if need be. Skips the test if that cannot be done."""
        return _made(self.folder, self.name, lambda: _interpreter(self.version), self.requirements)


FASTAPI_0_100 = AppEnvironment(
    name="fastapi-0.100",
    version="3.9",
    requirements=(
        *("annotated-types==0.7.0", "anyio==4.12.1", "click==8.1.8", "exceptiongroup==1.3.2", "fastapi==0.100.0"),
        *("h11==0.16.0", "idna==3.20", "pydantic==2.13.5", "pydantic_core==2.46.5", "python-multipart==0.0.20"),
        *("sniffio==1.3.1", "starlette==0.27.0", "typing-inspection==0.4.2", "typing_extensions==4.16.0"),
        *("uvicorn==0.23.2", "websockets==15.0.1"),
    ),
)
FASTAPI_TODAY = AppEnvironment(name="fastapi-today", version="3.13", requirements=("fastapi==0.165.0", *_TODAY))
STARLETTE_TODAY = AppEnvironment(name="starlette-today", version="3.12", requirements=_TODAY)
ENVIRONMENTS = {each.name: each for each in (FASTAPI_0_100, FASTAPI_TODAY, STARLETTE_TODAY)}


def _interpreter(version: str) -> str:
    """Return a Python of a version: as a campaign finds one, else one of pyenv's."""
    try:
        return python_for(Launch(interpreter=version))
    except FactorError:
        found = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    if not found:
        pytest.skip(f"there is no Python {version} here")
    return str(found[-1])


def environment_of(requirements: Path) -> Path:
    """Return an environment of this Python with what a requirements file names. Skips where pip has no index."""
    name = requirements.parent.name
    folder = _kept(name, f"{sys.version_info[:2]}\n{requirements.read_text(encoding='utf-8')}")
    _made(folder, name, lambda: sys.executable, ("-r", str(requirements)))
    return folder


def _kept(name: str, told: str) -> Path:
    kept = os.environ.get(_FOLDER)
    root = Path(kept) if kept else Path.home() / ".cache" / "handlerbench-tests"
    return root / f"{name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def _made(folder: Path, name: str, interpreter: Callable[[], str], requirements: Sequence[str]) -> Path:
    """Return the interpreter of an environment, made here if it is not whole yet."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # no other test process makes the same one meanwhile
        if not (folder / "whole").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _make(folder, name, interpreter(), requirements)
            (folder / "whole").touch()
    return folder / "bin" / "python"


def _make(folder: Path, name: str, interpreter: str, requirements: Sequence[str]) -> None:
    made = subprocess.run([interpreter, "-m", "venv", str(folder)], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"{interpreter} makes no virtual environment: {made.stderr.decode()[-200:]}")
    pip = [str(folder / "bin" / "python"), *_PIP, *requirements]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if any(words in done.stderr for words in _NO_INDEX) and done.returncode:
        pytest.skip(f"pip cannot fetch what the environment {name} needs: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
