"""The load generators that are compared, each asked for the same thing and giving back the same kind of reading.

wrk and h2load are metered from outside, over their whole life (some milliseconds of start-up among seconds); the three
that are Locust, which takes a second to start, count inside a window of theirs. Each is one thread on one core.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.metered import ROOT, run
from experiment.errors import InvalidMeasurementError
from experiment.records.driver_protocol import ClosedOrder, ReplayOrder, Request, ResultEvent, TrialCommand
from experiment.records.histogram import Histogram
from harness.trial.driver import DriverFailedError, LocustProcess

WARMUP_S = 0.5
_STAGGER_S = 0.2  # as in a campaign's closed loads
PATIENCE_S = 30.0  # beyond the window
_UNITS_US: Mapping[str, float] = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}
_DURATION = r"([\d.]+)(us|ms|s|m)\b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one instrument found in one short run; `problem` says why it cannot be used, if it cannot."""

    requests: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    p50_us: float | None = None
    p99_us: float | None = None
    problem: str = ""

    @property
    def rps(self) -> float | None:
        return self.requests / self.seconds if self.is_usable else None

    @property
    def cpu_us_per_request(self) -> float | None:
        """CPU time of the instrument's whole process, recording included, for one request."""
        return self.cpu_s / self.requests * 1e6 if self.is_usable else None

    @property
    def is_usable(self) -> bool:
        return not self.problem and self.requests > 0 and self.seconds > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where the instruments run and what they ask; `drivers` are the instruments that are our own, by name.

    `body` is a file with the request's body, for h2load. wrk and Locust's own users only ask without one.
    """

    drivers: Mapping[str, LocustProcess]
    cores: tuple[int, ...]
    port: int
    request: Request
    window_s: float
    body: Path | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.request.path}"

    @property
    def h2load(self) -> list[str]:
        """h2load's last arguments: headers, body and address."""
        headers = [f"--header={name}: {value}" for name, value in self.request.headers]
        return [*headers, *([f"--data={self.body}"] if self.body else []), self.url]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """A load generator: its name for people, how to use it with so many connections, and the program it needs."""

    label: str
    measure: Callable[[Bench, int], Reading]
    program: str | None = None

    @property
    def is_installed(self) -> bool:
        return self.program is None or shutil.which(self.program) is not None

    def read(self, bench: Bench, connections: int) -> Reading:
        """Measure; what goes wrong is a reading that says so."""
        try:
            reading = self.measure(bench, connections)
        except (InvalidMeasurementError, DriverFailedError) as error:
            return Reading(problem=str(error))
        return reading if reading.requests or reading.problem else replace(reading, problem="no request was answered")


def _trials(name: str) -> Callable[[Bench, int], Reading]:
    def measure(bench: Bench, users: int) -> Reading:
        command = trial_of(bench, ClosedOrder(users=users, stagger_s=_STAGGER_S), warmup_s=WARMUP_S)
        return ours_reading(bench.drivers[name].run(command, lambda _event: None))

    return measure


def trial_of(bench: Bench, load: ClosedOrder | ReplayOrder, *, warmup_s: float, drain_s: float = 0.0) -> TrialCommand:
    """Return the command that has locustfiles/trials.py put a load on the bench's route."""
    return TrialCommand(
        trial_id="bench",
        host="127.0.0.1",
        port=bench.port,
        request=bench.request,
        load=load,
        warmup_s=warmup_s,
        window_s=bench.window_s,
        drain_s=drain_s,
        request_timeout_s=PATIENCE_S,
    )


def ours_reading(result: ResultEvent) -> Reading:
    """Read a result of locustfiles/trials.py; CPU is scaled from the span it was taken over to the window."""
    p50_us, p99_us = p50_and_p99_us(Histogram(dict(result.response.counts)))
    failed = result.wrong + sum(result.errors.values())
    return Reading(
        requests=result.answers,
        seconds=result.window_s,
        cpu_s=result.driver_cpu_s / result.driver_wall_s * result.window_s,
        p50_us=p50_us,
        p99_us=p99_us,
        problem=f"{failed} requests failed: {result.first_failure}" if failed else "",
    )


def p50_and_p99_us(response: Histogram) -> tuple[float | None, float | None]:
    """Return both in microseconds, None where the sample is too small to hold one."""
    p50, p99 = response.quantile(0.5), response.quantile(0.99)
    return (p50.value_us if p50 else None, p99.value_us if p99 else None)


def _stock(kind: str) -> Callable[[Bench, int], Reading]:
    def measure(bench: Bench, users: int) -> Reading:
        command = [
            *(sys.executable, str(ROOT / "benchmarks" / "stock_users.py"), "--user", kind, "--url", bench.url),
            *("--users", str(users), "--warmup", str(WARMUP_S), "--window", str(bench.window_s)),
        ]
        done = run(command, cores=bench.cores, patience_s=bench.window_s + PATIENCE_S)
        found = json.loads(done.output.strip().splitlines()[-1])
        failures = found.pop("failures")
        return Reading(**found, problem=f"{failures} requests failed" if failures else "")

    return measure


def _wrk(bench: Bench, connections: int) -> Reading:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{whole_s(bench.window_s)}s", "--latency", bench.url]
    done = run(command, cores=bench.cores, patience_s=bench.window_s + PATIENCE_S)
    return wrk_reading(done.output, done.cpu_s)


def wrk_reading(output: str, cpu_s: float) -> Reading:
    """Read what `wrk --latency` prints. Raises InvalidMeasurementError when it is something else."""
    total = re.search(rf"(\d+) requests in {_DURATION}", output)
    if total is None:
        raise InvalidMeasurementError(f"wrk printed no total: {output.strip()[-200:]}")
    failed = re.search(r"Non-2xx or 3xx responses: \d+|Socket errors: .*", output)
    return Reading(
        requests=int(total[1]),
        seconds=_us(total[2], total[3]) / 1e6,
        cpu_s=cpu_s,
        p50_us=_wrk_percentile(output, 50),
        p99_us=_wrk_percentile(output, 99),
        problem=failed[0] if failed else "",
    )


def _wrk_percentile(output: str, percent: int) -> float | None:
    found = re.search(rf"^\s+{percent}%\s+{_DURATION}", output, re.MULTILINE)
    return _us(found[1], found[2]) if found else None


def _h2load(bench: Bench, connections: int) -> Reading:
    command = ["h2load", "--h1", "-t1", f"-c{connections}", "-D", str(whole_s(bench.window_s)), *bench.h2load]
    done = run(command, cores=bench.cores, patience_s=bench.window_s + PATIENCE_S)
    return h2load_reading(done.output, done.cpu_s)


def h2load_reading(output: str, cpu_s: float) -> Reading:
    """Read what `h2load --h1` prints, no percentiles. Raises InvalidMeasurementError for anything else."""
    rate = re.search(rf"finished in {_DURATION}, [\d.]+ req/s", output)
    counts = re.search(r"requests: .*?(\d+) succeeded, (\d+) failed, (\d+) errored", output)
    if rate is None or counts is None:
        raise InvalidMeasurementError(f"h2load printed no totals: {output.strip()[-200:]}")
    failed = int(counts[2]) + int(counts[3])
    return Reading(
        requests=int(counts[1]),
        seconds=_us(rate[1], rate[2]) / 1e6,
        cpu_s=cpu_s,
        problem=f"{failed} requests failed" if failed else "",
    )


def _us(number: str, unit: str) -> float:
    return float(number) * _UNITS_US[unit]


def whole_s(window_s: float) -> int:
    """Return a window in the whole seconds that wrk and h2load take."""
    return max(1, round(window_s))


INSTRUMENTS: Mapping[str, Instrument] = {
    "http": Instrument(label="Locust HttpUser", measure=_stock("http")),
    "fast": Instrument(label="Locust FastHttpUser", measure=_stock("fast")),
    "ours": Instrument(label="ours (trials.py)", measure=_trials("ours")),
    "wrk": Instrument(label="wrk", measure=_wrk, program="wrk"),
    "h2load": Instrument(label="h2load --h1", measure=_h2load, program="h2load"),
}
BEFORE = Instrument(label="ours before", measure=_trials("before"))  # the driver of another checkout


def tool_versions() -> dict[str, str]:
    """Return the first line each installed program says of its version."""
    options = {"wrk": "-v", "h2load": "--version"}
    return {name: _first_line([name, option]) for name, option in options.items() if INSTRUMENTS[name].is_installed}


def _first_line(command: list[str]) -> str:
    # wrk prints its version and exits with 1
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return (done.stdout or done.stderr).strip().split("\n")[0]
