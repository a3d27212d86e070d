"""The apps of examples/ in environments of their own, made once and kept, and what `bench app` finds of them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from documented_commands import ROOT

EXAMPLES = ROOT / "examples"
_NO_INDEX = ("No matching distribution", "Could not find a version", "Connection", "Temporary failure", "timed out")


def example(name: str, into: Path) -> Path:
    """Copy an example to a folder, with its environment beside it as its README says. Skips where pip has no index."""
    folder = into / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns(".venv", "*.sqlite*", "__pycache__"))
    (folder / ".venv").symlink_to(_environment(folder / "requirements.txt"))
    return folder


def bench(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `bench` in a folder, as a user of the app does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, "-m", "harness.commands.cli", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def _environment(requirements: Path) -> Path:
    kept = os.environ.get("HANDLERBENCH_TEST_ENVIRONMENTS")
    root = Path(kept) if kept else Path.home() / ".cache" / "handlerbench-tests"
    root.mkdir(parents=True, exist_ok=True)
    told = f"{sys.version_info[:2]}\n{requirements.read_text(encoding='utf-8')}"
    folder = root / f"{requirements.parent.name}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # no other test process makes the same one meanwhile
        if not (folder / "whole").exists():
            _make(folder, requirements)
            (folder / "whole").touch()
    return folder


def _make(folder: Path, requirements: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(requirements)]
    done = subprocess.run(pip, capture_output=True, text=True, check=False)
    if done.returncode and any(words in done.stderr for words in _NO_INDEX):
        pytest.skip(f"pip cannot fetch what {requirements.parent.name} needs: {done.stderr.strip()[-200:]}")
    assert done.returncode == 0, done.stderr
