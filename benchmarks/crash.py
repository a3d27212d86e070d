"""Is anything lost or left when parts of a campaign are killed: `make bench-crash`, 200 SIGKILLs at random moments.

A short campaign of real trials is run, and one of its processes is killed: the harness, the driver, the SUT or what
forks it, the upstream stub, the yardstick, the database or its keeper. The harness goes on, or it ends and the campaign
is resumed, and is killed again. After every end each trial that was reported must be on disk and nothing may be left;
at the campaign's end its trials must be those of its plan.
"""

import argparse
import json
import random
import signal
import subprocess
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.crash_checks import lost, replanned, strayed
from benchmarks.crash_parts import Spot, kill, part_of, shared_memory, still_left
from benchmarks.talk import leave_with, say, write_json
from experiment.errors import Exit, StoreError
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder
from harness.campaign.schedule import Stop
from harness.commands.cli import COMMANDS
from harness.system.host import facts, git_state
from harness.system.places import HOME, python

_BENCH = python("harness.commands.cli")
PLAN = ("--profile", "smoke", "--claims", "A8,A18c", "--rounds", "2", "--all-rounds", "--budget", "1h")
KILLS_EACH = 8
MOST_RUNS = 20
"""A campaign is killed so often, then left alone, and must have come to its end after so many runs."""

LONGEST_WAIT_S = 8.0
HARNESS_SHARE = 0.4
_RUN_LIMIT_S, _END_LIMIT_S = 300.0, 30.0
_KILLED = -signal.SIGKILL
_MAY_END_WITH = {Exit.OK, Exit.INVALID, Exit.ENVIRONMENT, _KILLED}


@dataclass(slots=True)
class Findings:
    """What was done, and what went wrong."""

    kills: Counter[str] = field(default_factory=Counter)  # by part
    codes: Counter[int] = field(default_factory=Counter)  # of the runs
    campaigns: int = 0
    trials: int = 0
    reported: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Crashed:
    """One campaign that is killed again and again."""

    folder: CampaignFolder
    spot: Spot
    chance: random.Random
    found: Findings
    seed: int
    kills_left: int
    reported: list[dict[str, Any]] = field(default_factory=list)
    first: Manifest | None = None  # as it was when the first trial had been reported

    def run(self) -> None:
        """Run it to its end, however often that takes, and check."""
        for _ in range(MOST_RUNS):
            code = self._run_once()
            self._check_what_is_left(code)
            self._check_what_is_there()
            if code not in _MAY_END_WITH or (code in {Exit.OK, Exit.INVALID} and self._has_ended()):
                break
        else:
            self._fault(f"it has not come to its end after {MOST_RUNS} runs")
        self._check_the_plan()

    def _has_ended(self) -> bool:
        """Whether there is nothing left to resume for: a busy machine's discarded trials only interrupt a campaign."""
        return self.folder.manifest().stopped_because not in {None, Stop.DISCARDED}

    def _run_once(self) -> int:
        """Run or resume it with a kill now and then; return the harness's code."""
        with (self.spot.spool.parent / "said.log").open("ab") as log:
            process = subprocess.Popen(
                [*_BENCH, *self._words()],
                cwd=HOME,
                env=self.spot.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        killer = threading.Thread(target=self._kill_now_and_then, args=(process,), daemon=True)
        watchdog = threading.Timer(_RUN_LIMIT_S, self._give_up)
        killer.start()
        watchdog.start()
        try:
            assert process.stdout is not None  # noqa: S101 - for the type checker: started with a pipe
            with process.stdout as lines:
                self.reported += list(trials_of(lines))
            code = process.wait(_END_LIMIT_S)
        finally:
            watchdog.cancel()
            self._end_all(process)
        killer.join(LONGEST_WAIT_S + 1)
        self.found.codes[code] += 1
        return code

    def _give_up(self) -> None:
        self._fault(f"a run did not end within {_RUN_LIMIT_S:g} s")
        for process in self.spot.processes():
            kill(process)

    def _end_all(self, harness: subprocess.Popen[bytes]) -> None:
        """End what runs although the harness was not waited for: this process is being interrupted itself."""
        if harness.poll() is None:
            for process in self.spot.processes():
                kill(process)
            harness.wait(_END_LIMIT_S)

    def _words(self) -> list[str]:
        if (self.folder.path / "trials.csv").exists():
            return ["run", "--resume", str(self.folder.path), "--json"]
        return ["run", *PLAN, "--seed", str(self.seed), "--out", str(self.folder.path), "--json"]

    def _kill_now_and_then(self, harness: subprocess.Popen[bytes]) -> None:
        while self.kills_left > 0:
            end_t = time.monotonic() + self.chance.uniform(0.1, LONGEST_WAIT_S)
            while time.monotonic() < end_t:
                if harness.poll() is not None:
                    return
                time.sleep(0.02)
            self._kill_one(harness)

    def _kill_one(self, harness: subprocess.Popen[bytes]) -> None:
        running = {process.pid: process for process in self.spot.processes()}
        own = running.pop(harness.pid, None)
        others = list(running.values())
        chosen = own if own and (not others or self.chance.random() < HARNESS_SHARE) else None
        chosen = chosen or (self.chance.choice(others) if others else None)
        if chosen is None:
            return
        part = part_of(chosen, harness.pid)
        if kill(chosen):
            self.kills_left -= 1
            self.found.kills[part] += 1

    def _check_what_is_left(self, code: int) -> None:
        if code not in _MAY_END_WITH:
            self._fault(f"a run ended with code {code}: {' | '.join(self._said())}")
        for process in self.spot.wait_for_the_end():
            self._fault(f"left after a run: {part_of(process, 0)} (pid {process.pid})")
            kill(process)
        if code == _KILLED and "clean" in COMMANDS:
            self._clean()
        for path in self.spot.left(self.folder.path):
            self._fault(f"left after a run that ended with code {code}: {path}")

    def _said(self) -> list[str]:
        """Return the last lines that the run wrote to stderr."""
        return (self.spot.spool.parent / "said.log").read_text(encoding="utf-8", errors="replace").splitlines()[-8:]

    def _clean(self) -> None:
        words = [*_BENCH, "clean", str(self.folder.path.parent)]
        subprocess.run(
            words, cwd=HOME, env=self.spot.environment(), capture_output=True, check=False, timeout=_RUN_LIMIT_S
        )

    def _check_what_is_there(self) -> None:
        try:
            for what in lost(self.reported, self.folder) if self.reported else ():
                self._fault(what)
            if self.reported and self.first is None:
                self.first = self.folder.manifest()
        except StoreError as error:
            self._fault(str(error))

    def _check_the_plan(self) -> None:
        try:
            manifest, trials = self.folder.manifest(), self.folder.trials()
        except StoreError as error:
            return self._fault(str(error))
        for what in (*(replanned(self.first, manifest) if self.first else ()), *strayed(manifest, trials)):
            self._fault(what)
        self.found.trials += len(trials)
        self.found.reported += len(self.reported)
        return None

    def _fault(self, what: str) -> None:
        self.found.faults.append(f"campaign {self.found.campaigns}: {what}")
        say(f"FAULT  {self.found.faults[-1]}")


def trials_of(lines: Any) -> Iterator[dict[str, Any]]:
    """Yield the trials that `bench run --json` reports; a line that a kill cut off is none."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if event.get("event") == "trial":
            yield event


def main() -> int:
    """Kill and check; return 1 where something was lost or left."""
    options = _options()
    chance, found, before = random.Random(options.seed), Findings(), shared_memory()  # noqa: S311 - reproducible
    end_t = time.monotonic() + options.minutes * 60
    with tempfile.TemporaryDirectory(prefix="handlerbench-crash-") as folder:
        Path(folder).chmod(0o711)  # the database's account must reach its own folder below it
        while (left := options.kills - found.kills.total()) > 0 and time.monotonic() < end_t:
            found.campaigns += 1
            _one_campaign(Path(folder), chance, found, min(left, KILLS_EACH))
            say(f"campaign {found.campaigns}: {found.kills.total()} kills so far, {len(found.faults)} faults")
            write_json(options.out, _as_json(found))
    found.faults += [f"left in the end: {name}" for name in still_left(before)]
    write_json(options.out, _as_json(found))
    for line in _lines(found):
        say(line)
    return Exit.OUR_FAULT if found.faults else Exit.OK


def _one_campaign(folder: Path, chance: random.Random, found: Findings, kills: int) -> None:
    spool = folder / f"spool-{found.campaigns}"
    spool.mkdir()
    spool.chmod(0o711)
    campaign = CampaignFolder(folder / f"campaign-{found.campaigns}")
    seed = chance.randrange(1_000_000)
    Crashed(folder=campaign, spot=Spot(spool=spool), chance=chance, found=found, seed=seed, kills_left=kills).run()


def _as_json(found: Findings) -> dict[str, Any]:
    return {
        "host": facts(),
        "git": git_state(HOME),
        "kills": dict(found.kills),
        "codes": {str(code): count for code, count in sorted(found.codes.items())},
        "campaigns": found.campaigns,
        "trials": found.trials,
        "reported": found.reported,
        "faults": found.faults,
    }


def _lines(found: Findings) -> Iterator[str]:
    parts = ", ".join(f"{part} {count}" for part, count in found.kills.most_common())
    yield f"{found.kills.total()} kills in {found.campaigns} campaigns: {parts}"
    runs = ", ".join(f"{count} with {code}" for code, count in sorted(found.codes.items()))
    yield f"{found.codes.total()} runs ended: {runs} (-9: the harness was killed)"
    yield f"{found.reported} trials were reported, {found.trials} are on disk"
    yield f"{len(found.faults)} faults" + (
        "" if found.faults else ": nothing was lost, nothing was left, no plan changed"
    )


def _options() -> argparse.Namespace:
    description = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crash", description=description)
    parser.add_argument("--kills", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--minutes", type=float, default=180.0, help="begin no campaign after so long (default 180)")
    parser.add_argument("--seed", type=int, default=1, help="decides moments, parts and the campaigns' seeds")
    parser.add_argument("--out", type=Path, default=HOME / "results" / "crash.json", help="the JSON to write")
    return parser.parse_args()


if __name__ == "__main__":
    leave_with(main)
