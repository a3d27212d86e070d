"""Where a request's CPU goes: the routes of a claim under its load, sampled from outside by py-spy.

Run `python -m benchmarks.route_profile B15`, or with several claims. A sample belongs to the package of the innermost
Python frame, or with `--by function` to that function. What C code does belongs to the Python function that called it:
all of uvloop's own work, for instance, to the call that runs the loop. Only the thread that holds the GIL is sampled.
Who waits, for it or for anything else, is left out, and so is C code that lets go of it. A part's microseconds a
request are its share of the CPU that the app's processes used while Locust counted the answers.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from analysis.wording import markdown
from bench_app.catalogue import CATALOGUE
from benchmarks.plain_locust import plain_locust
from benchmarks.talk import leave_with, say
from experiment.design.claims import CLAIMS
from experiment.design.loads import LOADS
from experiment.design.model import Claim, Treatment
from experiment.errors import EnvironmentUnfitError, InvalidMeasurementError
from harness.system.pinning import plan_cores
from harness.trial.app_settings import todays
from harness.trial.rig import Rig, rig

_USERS_OF_OPEN_LOADS = 20
_RATE_HZ, _WARM_S, _LIMIT_S = 200, 1.5, 60.0
_LEAST_SHARE, _LEAST_SAMPLES = 0.02, 200
_FRAME = re.compile(r"(?P<function>.+) \((?P<file>[^()]+?)(?::\d+)?\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A route under load: samples by part, and the CPU time of a request in microseconds."""

    parts: Counter[str]
    cpu_us_per_request: float

    def share(self, part: str) -> float:
        return self.parts[part] / self.parts.total()

    def cell(self, part: str) -> str:
        """Return a part's share and its CPU a request, as text."""
        return f"{self.share(part):.0%}, {self.share(part) * self.cpu_us_per_request:,.0f} µs"


def counted(collapsed: str, by: str) -> Counter[str]:
    """Count the samples of collapsed stacks (`outer;...;inner count` a line) by the innermost frame's part.

    Raises InvalidMeasurementError where there are too few to tell.
    """
    parts: Counter[str] = Counter()
    for stack, count in (line.rsplit(" ", 1) for line in collapsed.splitlines() if line.strip()):
        parts[_part(stack.rsplit(";", 1)[-1], by)] += int(count)
    if parts.total() < _LEAST_SAMPLES:
        raise InvalidMeasurementError(f"only {parts.total()} samples were taken, where {_LEAST_SAMPLES} are needed")
    return parts


def _part(frame: str, by: str) -> str:
    found = _FRAME.fullmatch(frame)
    if found is None:
        return "unknown"
    if by == "function":
        return f"{found['function']} ({found['file']})"
    return found["file"].split("/")[0].removesuffix(".py")


def table(profiles: Mapping[str, Profile]) -> str:
    """Return profiles by treatment as a Markdown table: the parts that take a fiftieth of any, the largest first."""
    parts = {part for profile in profiles.values() for part in profile.parts if profile.share(part) >= _LEAST_SHARE}
    order = sorted(parts, key=lambda part: (-max(p.share(part) for p in profiles.values()), part))
    whole = ("all", *(f"{profile.cpu_us_per_request:,.0f} µs" for profile in profiles.values()))
    rows = [(part, *(profile.cell(part) for profile in profiles.values())) for part in order]
    return markdown.table(("CPU a request", *profiles), [whole, *rows]).rstrip()


def profiles_of(claim: Claim, seconds: float, by: str) -> dict[str, Profile]:
    """Profile each treatment of a claim for so long, one after the other; by the treatment's id."""
    with (
        tempfile.TemporaryDirectory(prefix="handlerbench-") as name,
        rig(plan=plan_cores(), logs=Path(name), loads=LOADS, settings=todays(), seed=1) as stand,
    ):
        return {each.id: _profiled(stand, each, seconds, by) for each in claim.treatments}


def _profiled(stand: Rig, treatment: Treatment, seconds: float, by: str) -> Profile:
    variant = CATALOGUE[treatment.variant]
    if variant.request.method != "GET":
        raise InvalidMeasurementError(f"{treatment.id} sends a body; only requests without one can be profiled")
    users = LOADS[treatment.load].users or _USERS_OF_OPEN_LOADS
    log, cores = stand.logs / "locust.log", stand.plan.for_others
    with stand.serving({variant.id: variant}, treatment.server, "profile") as service:
        app = psutil.Process(service.process.pid)
        before_s = _cpu_s(app)
        load = plain_locust(
            service.port, variant.path, users=users, seconds=seconds + 2 * _WARM_S, log=log, cores=cores
        )
        with load as locust:
            time.sleep(_WARM_S)
            collapsed = _sampled(app.pid, seconds)
            answers = locust.report()["num_requests"]
        used_s = _cpu_s(app) - before_s
    return Profile(parts=counted(collapsed, by), cpu_us_per_request=used_s / answers * 1e6)


def _cpu_s(app: psutil.Process) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in (app, *app.children(recursive=True)))


def _sampled(pid: int, seconds: float) -> str:
    """Return collapsed stacks of a process and its children. Raises EnvironmentUnfitError where py-spy cannot."""
    program = Path(sys.executable).with_name("py-spy")
    if not program.exists():
        raise EnvironmentUnfitError("py-spy is not installed; `pip install -r requirements-dev.lock` brings it")
    with tempfile.NamedTemporaryFile(suffix=".raw") as file:
        words = ["record", "--pid", f"{pid}", "--subprocesses", "--gil", "--format", "raw", "--output", file.name]
        words += ["--rate", f"{_RATE_HZ}", "--duration", f"{max(1, round(seconds))}"]
        done = subprocess.run(
            [str(program), *words], capture_output=True, text=True, timeout=seconds + _LIMIT_S, check=False
        )
        if done.returncode != 0:
            last = done.stderr.strip().splitlines()[-1:]
            raise EnvironmentUnfitError(f"py-spy could not look into the app: {' '.join(last)}")
        return Path(file.name).read_text(encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.route_profile")
    parser.add_argument("claims", nargs="+", choices=sorted(CLAIMS), metavar="CLAIM", help="an id, such as B15")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each route is sampled (default: 6)")
    parser.add_argument("--by", choices=("package", "function"), default="package")
    asked = parser.parse_args()
    for name in asked.claims:
        say(f"{name}: {CLAIMS[name].statement}\n")
        say(table(profiles_of(CLAIMS[name], asked.seconds, asked.by)) + "\n")
    return 0


if __name__ == "__main__":
    leave_with(main)
