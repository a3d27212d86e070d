"""What a master costs with so many workers. They only report (simulated_workers.py): all that it spends is its own."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import psutil

from benchmarks.talk import say, table
from experiment.errors import EnvironmentUnfitError
from experiment.records.driver_protocol import (
    ClosedOrder,
    Event,
    Request,
    TrialCommand,
    WarmEvent,
    WindowCloseEvent,
    WindowOpenEvent,
)
from experiment.records.manifest import Elsewhere
from experiment.records.scale_figures import MasterFigures
from harness.system.channel import Channel
from harness.system.pinning import CorePlan
from harness.system.process import child, free_port, tail
from harness.system.usage import cpu_s
from harness.trial.driver import LocustProcess, locust_process

_SCRIPT = Path(__file__).with_name("simulated_workers.py")
_START_LIMIT_S = 30.0
_MIB = 1024 * 1024
_NOWHERE = 9  # the port of a command that nobody carries out
_MORE_MEMORY, _MORE_TIME = (1.05, 1.0), (1.25, 5.0)
"""The last third of trials may have so many times, and so much more than, the first: MiB, and ms."""


@dataclass(slots=True)
class Seen:
    """One trial as the master's events and its CPU clock tell it; times are monotonic seconds."""

    pid: int
    asked_t: float
    times: dict[type, float] = field(default_factory=dict)
    spent_s: dict[type, float] = field(default_factory=dict)

    def on_event(self, event: Event) -> None:
        """Note when an event came, and what the master had spent by then."""
        self.times.setdefault(type(event), time.monotonic())
        self.spent_s.setdefault(type(event), cpu_s(self.pid) or 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterTrial:
    """What one trial cost its master."""

    start_s: float
    cpu_share: float
    report_ms: float
    report_cpu_ms: float
    rss_mib: float


def measure_master(plan: CorePlan, folder: Path, *, count: int, trials: int, window_s: float) -> MasterFigures:
    """Run some trials of a master with so many simulated workers. Raises EnvironmentUnfitError, DriverFailedError."""
    port, log = free_port(), folder / f"simulated-{count}.log"
    words = [sys.executable, str(_SCRIPT), "--master", f"127.0.0.1:{port}", "--count", str(count)]
    elsewhere = Elsewhere(bind=f"127.0.0.1:{port}")
    with child(words, log=log, cores=plan.for_sut(all_cores=False), piped=True) as process:
        sizes = _sizes(Channel(process), log)
        with locust_process(
            log=folder / f"master-{count}.log", cores=plan.for_others, workers=count, elsewhere=elsewhere
        ) as master:
            found = [_trial(master, count, number, window_s) for number in range(trials)]
    return _figures(found, count, window_s, sizes)


def _sizes(channel: Channel, log: Path) -> dict[str, int]:
    line = channel.receive(_START_LIMIT_S)
    if line is None:
        raise EnvironmentUnfitError(f"the simulated workers did not start.{tail(log)}")
    sizes: dict[str, int] = json.loads(line)
    return sizes


def _trial(master: LocustProcess, count: int, number: int, window_s: float) -> MasterTrial:
    command = TrialCommand(
        trial_id=f"t{number:04}",
        host="127.0.0.1",
        port=_NOWHERE,
        request=Request(method="GET", path="/", expected_status=200),
        load=ClosedOrder(users=count),
        warmup_s=0.0,
        window_s=window_s,
        request_timeout_s=window_s,
    )
    seen = Seen(master.running_pid(), time.monotonic())
    result = master.run(command, seen.on_event)
    ended_t, spent_s = time.monotonic(), cpu_s(seen.pid) or 0.0
    return MasterTrial(
        start_s=seen.times[WarmEvent] - seen.asked_t,
        cpu_share=(seen.spent_s[WindowCloseEvent] - seen.spent_s[WindowOpenEvent]) / window_s,
        report_ms=max(ended_t - result.window_close_t, 0.0) * 1e3,
        report_cpu_ms=(spent_s - seen.spent_s[WindowCloseEvent]) * 1e3,
        rss_mib=psutil.Process(seen.pid).memory_info().rss / _MIB,
    )


def _figures(found: Sequence[MasterTrial], count: int, window_s: float, sizes: dict[str, int]) -> MasterFigures:
    settled = found[1:] or found  # in the first trial pools and caches fill
    third = max(len(settled) // 3, 1)

    def middle(name: str, some: Sequence[MasterTrial] = settled) -> float:
        return round(float(median(getattr(each, name) for each in some)), 4)

    return MasterFigures(
        workers=count,
        trials=len(found),
        window_s=window_s,
        cpu_share=middle("cpu_share"),
        start_s=middle("start_s"),
        report_ms=middle("report_ms"),
        report_cpu_ms=middle("report_cpu_ms"),
        report_first_ms=middle("report_ms", settled[:third]),
        report_last_ms=middle("report_ms", settled[-third:]),
        rss_first_mib=middle("rss_mib", settled[:third]),
        rss_last_mib=middle("rss_mib", settled[-third:]),
        second_bytes=sizes["second_bytes"],
        result_bytes=sizes["result_bytes"],
    )


def is_flat(found: MasterFigures) -> bool:
    """Say whether neither memory nor the time of a report grew over the trials."""
    grown = (
        (found.rss_first_mib, found.rss_last_mib, _MORE_MEMORY),
        (found.report_first_ms, found.report_last_ms, _MORE_TIME),
    )
    return all(last <= first * times + more for first, last, (times, more) in grown)


def tell(found: Sequence[MasterFigures]) -> None:
    """Print the table: a row for each number of workers."""
    head = ("workers", "CPU, cores", "until it begins", "report", "report's CPU", "first, last", "MiB first, last", "")
    rows = [
        (
            str(each.workers),
            f"{each.cpu_share:.3f}",
            f"{each.start_s:.2f} s",
            f"{each.report_ms:.1f} ms",
            f"{each.report_cpu_ms:.1f} ms",
            f"{each.report_first_ms:.1f}, {each.report_last_ms:.1f} ms",
            f"{each.rss_first_mib:.1f}, {each.rss_last_mib:.1f}",
            "flat" if is_flat(each) else "GREW",
        )
        for each in found
    ]
    say(table(head, rows))
