"""`bench` in a process of its own, with FakeDriver (faked_bench.py): started, watched, ended."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = Path(__file__).with_name("faked_bench.py")
ENOUGH = ("--claims", "A9", "--rounds", "3", "--seed", "7", "--all-rounds", "--budget", "1h")  # 15 trials
LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A folder to run `bench` in: its temporary files are in `spool`, the campaign in `campaign`."""

    folder: Path

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def campaign(self) -> Path:
        return self.folder / "campaign"

    @classmethod
    def at(cls, folder: Path) -> Desk:
        made = cls(folder=folder)
        made.spool.mkdir(exist_ok=True)
        return made

    def start(self, *words: str, environment: dict[str, str] | None = None, **how: Any) -> subprocess.Popen[str]:
        """Start `bench WORDS...`; without words a campaign of 15 trials into `campaign`."""
        told = words or ("run", *ENOUGH, "--out", str(self.campaign))
        places = {"TMPDIR": str(self.spool), "MPLCONFIGDIR": mpl.get_configdir(), "PYTHONDONTWRITEBYTECODE": "1"}
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), *told],
            cwd=how.pop("cwd", self.folder),
            env=kept | places | (environment or {}),
            stdout=how.pop("stdout", subprocess.PIPE),
            stderr=how.pop("stderr", subprocess.PIPE),
            text=True,
            **how,
        )

    def run(
        self, *words: str, environment: dict[str, str] | None = None, **how: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run it to its end."""
        process = self.start(*words, environment=environment, **how)
        out, err = process.communicate(timeout=LIMIT_S)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def trials(self) -> int:
        """Return how many trials are on disk."""
        file = self.campaign / "trials.csv"
        return max(0, file.read_text(encoding="utf-8").count("\n") - 1) if file.exists() else 0

    def left(self) -> list[str]:
        """Return what is left that should not be: half-written files, and temporary ones."""
        here = [path for path in self.folder.rglob(".*.new") if not path.is_relative_to(self.spool)]
        return [*map(str, here), *(path.name for path in self.spool.iterdir())]


def wait_until(reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait until something is so, while the process runs."""
    deadline = time.monotonic() + LIMIT_S
    while not reached():
        assert process.poll() is None, process.communicate(timeout=LIMIT_S)
        assert time.monotonic() < deadline
        time.sleep(0.02)
