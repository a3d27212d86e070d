"""The apps of examples/ in environments of their own, made once and kept, and what `bench app` finds of them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from analysis.own_app.ranking import first_line
from analysis.own_app.results import AppResults, RouteResult, Standing
from app_environments import environment_of
from documented_commands import ROOT

EXAMPLES = ROOT / "examples"
PLANTED: dict[str, Any] = tomllib.loads((EXAMPLES / "shop" / "planted.toml").read_text(encoding="utf-8"))
MISTAKES = {mistake["request"]: mistake for mistake in PLANTED["mistake"]}
CLEAN = PLANTED["clean"]["requests"]
AWAITING = [name for name, mistake in MISTAKES.items() if mistake["cure"] == "none"]
SEEN = [name for name, mistake in MISTAKES.items() if "seen" in mistake]


def example(name: str, into: Path) -> Path:
    """Copy an example to a folder, with its environment beside it as its README says. Skips where pip has no index."""
    folder = into / name
    left_out = shutil.ignore_patterns(".venv", "*.sqlite*", "__pycache__", "measured", "results")
    shutil.copytree(EXAMPLES / name, folder, ignore=left_out)
    (folder / ".venv").symlink_to(environment_of(folder / "requirements.txt"))
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


def planted_at(folder: Path, mistake: dict[str, Any]) -> str:
    """Return where the marker of a mistake stands, as `file:line`; `folder` is the shop's."""
    lost = mistake["lost"]
    lines = (folder / lost["file"]).read_text(encoding="utf-8").splitlines()
    (number,) = [n for n, line in enumerate(lines, start=1) if line.endswith(f"# {lost['marker']}")]
    return f"{lost['file']}:{number}"


def assert_found(results: AppResults, folder: Path, request: str) -> None:
    """Assert that a planted mistake blocks the loop at its line, where most of the time is lost."""
    route, mistake = route_of(results, request), MISTAKES[request]
    place = first_line(route)
    assert route.standing is Standing.BLOCKS
    assert place is not None
    assert (place.at, place.function) == (planted_at(folder, mistake), mistake["lost"]["function"])
    assert place.share > 0.5


def assert_refused(results: AppResults, request: str) -> None:
    """Assert that a handler that really awaits was refused its thread, with the line of the await."""
    (refusal,) = route_of(results, request).refusals
    module, _, function = MISTAKES[request]["endpoint"].partition(":")
    assert (refusal.file, refusal.function) == (module.replace(".", "/") + ".py", function)
    assert refusal.line is not None


def route_of(results: AppResults, request: str) -> RouteResult:
    return next(route for route in results.routes if route.request.id == request)
