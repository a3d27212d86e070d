"""Does anything grow, and is anything miscounted: `make bench-soak`, an hour of load in one campaign's processes.

The real rig: one harness (this process), one driver, one SUT that is never restarted. At first it is filled: with the
most requests that the turns after that can have at once, so that no stall of the machine makes a process hold more
later than it ever had. A Python process gives little of that back. Then closed and open load take turns. After each,
memory, descriptors and threads of the three are noted, and what the driver counted is compared with what the app
counted: each request that was sent is one whose work the handler did, no more and no fewer.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench_app.catalogue import CATALOGUE
from benchmarks.soak_findings import KINDS, Findings, Segment, Usage, lines
from benchmarks.talk import leave_with, say, write_json
from experiment.design.factors import ServerConfig
from experiment.errors import Exit, InvalidMeasurementError
from experiment.records.driver_protocol import ClosedOrder, OpenOrder, TrialCommand
from harness.system.host import facts, git_state, package_versions
from harness.system.pinning import plan_cores
from harness.system.places import HOME
from harness.system.services import Service
from harness.trial.app_settings import todays
from harness.trial.preflight import preflight
from harness.trial.rig import BYSTANDER, Rig, rig

_MOST_IN_FLIGHT = 1_000  # in an open load; more are dropped, and told
# By kind of load: the route, and who asks. The threads of the first are as many as its users, in every turn.
LOADS: Mapping[str, tuple[str, ClosedOrder | OpenOrder]] = {
    "closed": ("sleep.def", ClosedOrder(users=20)),
    "open": (
        "sleep.async-native",
        OpenOrder(rate_rps=200.0, arrivals="poisson", seed=1, max_in_flight=_MOST_IN_FLIGHT),
    ),
}
FILLING: Mapping[str, tuple[str, ClosedOrder | OpenOrder]] = {
    "filled with threads": ("sleep.def", ClosedOrder(users=40)),  # as many as there are tokens
    "filled with requests": ("sleep.async-native", ClosedOrder(users=_MOST_IN_FLIGHT, stagger_s=1.0)),
}
ALL = {**LOADS, **FILLING}
_LONGEST_S = {**dict.fromkeys(LOADS, 20.0), **dict.fromkeys(FILLING, 5.0)}
LEAST_TURNS = 8
DRAIN_S = 3.0
_LAST_BYTES = 65_536  # of the probe's file, which grows by a line of some 300 every 50 ms
REST_S = 0.5
"""After a load: the probe writes ten times meanwhile, and the app closes what the driver has closed."""


def main() -> int:
    """Load, note and judge; return 1 where something grew or was miscounted."""
    options = _options()
    found = Findings()
    with tempfile.TemporaryDirectory(prefix="handlerbench-soak-") as folder, _stand(Path(folder)) as (stand, service):
        for kind in _kinds(time.monotonic() + options.minutes * 60):
            window_s = min(_LONGEST_S[kind], options.minutes * 60 / LEAST_TURNS / len(LOADS))
            found.segments.append(_turn(stand, service, kind, window_s, len(found.segments)))
            say(found.segments[-1].line())
            write_json(options.out, _as_json(found, options.minutes))
    for line in lines(found):
        say(line)
    return Exit.OK if found.is_sound else Exit.OUR_FAULT


def _kinds(end_t: float) -> Iterator[str]:
    yield from FILLING
    while time.monotonic() < end_t:
        yield from KINDS


@contextmanager
def _stand(folder: Path) -> Iterator[tuple[Rig, Service]]:
    variants = {variant: CATALOGUE[variant] for variant, _ in LOADS.values()}
    with rig(plan=plan_cores(), logs=folder, loads={}, settings=todays(), seed=1) as stand:
        report = preflight(stand, dict.fromkeys(variants))
        if report.complaints:
            raise InvalidMeasurementError("; ".join(report.complaints.values()))
        stand.answers.update(report.answers)
        with stand.serving(variants, ServerConfig(), "soak") as service:
            yield stand, service


def _turn(stand: Rig, service: Service, kind: str, window_s: float, number: int) -> Segment:
    """Load once, to the last answer, and return what everybody counted and uses."""
    variant, _ = ALL[kind]
    before = _served(stand)
    result = stand.locust.run(_command(stand, service, kind, window_s, number), lambda _: None)
    time.sleep(REST_S)
    pids = {"harness": os.getpid(), "driver": stand.locust.running_pid(), "sut": service.process.pid}
    return Segment(
        kind=kind,
        variant=variant,
        window_s=round(result.window_s, 3),
        sent=result.sent,
        served=_served(stand) - before,
        failed=result.wrong + sum(result.errors.values()) + result.dropped + result.users_failed,
        usage={name: Usage.of(pid) for name, pid in pids.items()},
    )


def _command(stand: Rig, service: Service, kind: str, window_s: float, number: int) -> TrialCommand:
    variant, order = ALL[kind]
    return TrialCommand(
        trial_id=f"soak-{number}",
        host="127.0.0.1",
        port=service.port,
        request=stand.call_for(CATALOGUE[variant]),
        load=order,
        warmup_s=0.0,  # so that every request is one of the window's
        window_s=window_s,
        drain_s=DRAIN_S,
        request_timeout_s=30.0,
        bystander=BYSTANDER,
    )


def _served(stand: Rig) -> int:
    """Return how often the app's handlers have done their work so far, by the last line of its probe."""
    with stand.probe_path("soak").open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
        last: dict[str, int] = json.loads(file.read().rpartition(b"\n")[0].rpartition(b"\n")[2])
    return last.get("served_on_loop", 0) + last.get("served_off_loop", 0)


def _as_json(found: Findings, minutes: float) -> dict[str, Any]:
    return {
        "minutes": minutes,
        "host": facts(),
        "git": git_state(HOME),
        "packages": package_versions(),
        "sent": found.sent,
        "served": found.served,
        "failed": found.failed,
        "grown": [asdict(g) for g in found.growths],
        "is_sound": found.is_sound,
        "segments": [asdict(s) for s in found.segments],
    }


def _options() -> argparse.Namespace:
    description = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=description)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (default 60)")
    parser.add_argument("--out", type=Path, default=HOME / "results" / "soak.json", help="the JSON to write")
    return parser.parse_args()


if __name__ == "__main__":
    leave_with(main)
