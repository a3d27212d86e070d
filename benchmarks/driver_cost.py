"""What the driver costs, and whether it sees what others see: `make bench-driver`.

On the noop route of the real app, pinned to a core of its own, with the instruments on the other, in interleaved rounds
(a fresh app a round, a seeded order within it):

- CPU time a request of the whole driver process, recording and Locust's request event included, while as many
  connections are busy as keep the app saturated;
- capacity: the answers a second that each instrument gets out of the same app, which is the limit for the better ones;
- response times at about half of capacity, ours against wrk's. wrk cannot hold a rate, and h2load, which can, prints no
  percentiles; so both run a closed load of the same few connections, as many as give about half of what wrk finds at
  full load. Both then put the same load on the app, each waiting for every answer.

Values of one round form a pair; the ratios are those of analysis.estimate with its intervals, and a target is judged as
claims are: held when the whole interval lies inside, missed when all of it lies outside, else not decided.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import isinf
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from analysis.estimate import ratio_estimate
from analysis.judge import ALPHA, verdict_of
from bench_app.catalogue import CATALOGUE
from benchmarks.instruments import INSTRUMENTS, Bench, Reading, tool_versions
from benchmarks.metered import ROOT
from benchmarks.talk import say, table, write_json
from experiment.errors import BenchError, InvalidMeasurementError
from experiment.model import Interval, ServerConfig, Verdict, at_least, at_most
from harness.driver import LocustProcess, locust_process
from harness.host import facts, git_state, package_versions
from harness.pinning import plan_cores
from harness.services import sut

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from experiment.model import Estimate
    from harness.pinning import CorePlan

    Round = Mapping[str, Reading]

ROUTE = "noop.async-native"
ANSWER = b'{"ok":true}'
FULL = 32
"""Connections that keep the app saturated: more would only lengthen its queue."""

FEW = (1, 2, 3, 4)
HALF = ":half"
"""Marks the readings taken at about half of capacity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What the driver must keep to: a metric of `reading` over that of `baseline`, and the interval allowed."""

    name: str
    metric: str
    reading: str
    baseline: str
    expected: Interval


TARGETS = (
    Target(
        name="CPU a request against FastHttpUser's",
        metric="cpu_us_per_request",
        reading="ours",
        baseline="fast",
        expected=at_most(0.40),
    ),
    Target(
        name="CPU a request against wrk's",
        metric="cpu_us_per_request",
        reading="ours",
        baseline="wrk",
        expected=at_most(3.0),
    ),
    Target(name="capacity against wrk's", metric="rps", reading="ours", baseline="wrk", expected=at_least(0.95)),
    Target(
        name="p50 at half capacity against wrk's",
        metric="p50_us",
        reading="ours" + HALF,
        baseline="wrk" + HALF,
        expected=Interval(0.9, 1.1),
    ),
    Target(
        name="p99 at half capacity against wrk's",
        metric="p99_us",
        reading="ours" + HALF,
        baseline="wrk" + HALF,
        expected=Interval(0.9, 1.1),
    ),
)


def ratio(rounds: Sequence[Round], metric: str, reading: str, baseline: str) -> Estimate:
    """Estimate a metric of one reading over that of another, paired by round; rounds that lack either are left out."""
    pairs = [(_value(r, reading, metric), _value(r, baseline, metric)) for r in rounds]
    return ratio_estimate([(a, b) for a, b in pairs if a and b], ALPHA)


def _value(readings: Round, name: str, metric: str) -> float | None:
    reading = readings.get(name)
    return getattr(reading, metric) if reading is not None and reading.is_usable else None


def statement(target: Target, estimate: Estimate) -> str:
    """Say in one line whether a target held."""
    wanted = target.expected.describe()
    if estimate.effect is None:
        return f"NOT MEASURED  {target.name}: wanted {wanted}, and there is no pair of readings"
    match verdict_of(estimate.interval, target.expected):
        case Verdict.SUPPORTED:
            word = "HELD         "
        case Verdict.REFUTED:
            word = "MISSED       "
        case _:
            inside = target.expected.contains(Interval(estimate.effect, estimate.effect))
            word = "NOT DECIDED  " + ("(estimate inside) " if inside else "(estimate outside) ")
    return f"{word.rstrip()}  {target.name}: {_interval(estimate)}, wanted {wanted}"


def _interval(estimate: Estimate) -> str:
    if estimate.effect is None:
        return "–"
    if isinf(estimate.high):
        return f"{estimate.effect:.2f} [too few rounds]"
    return f"{estimate.effect:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def order_of(names: Sequence[str], *, seed: int, number: int) -> list[str]:
    """Return the order within a round, which seed and round alone decide."""
    order = sorted(names)
    random.Random(f"{seed}:{number}").shuffle(order)  # noqa: S311 - a reproducible order, not a secret
    return order


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """What all rounds share."""

    plan: CorePlan
    logs: Path
    locust: LocustProcess
    window_s: float

    @contextmanager
    def serving(self) -> Iterator[Bench]:
        """Start a fresh app, pinned to its core, and warm it up."""
        variant = CATALOGUE[ROUTE]
        env = {"BENCH_VARIANTS": variant.id, "BENCH_WORKS": variant.work.value}
        with sut(server=ServerConfig(), environment=env, log=self.logs / "sut.log", plan=self.plan) as service:
            bench = Bench(
                locust=self.locust,
                cores=self.plan.others if self.plan.enforced else (),
                port=service.port,
                path=variant.request.path,
                expected_body=ANSWER,
                window_s=self.window_s,
            )
            first = INSTRUMENTS["ours"].read(bench, FULL)
            if first.problem:
                raise InvalidMeasurementError(
                    f"the app does not answer {variant.request.path} rightly: {first.problem}"
                )
            yield bench


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfLoad:
    """The few connections that give about half of capacity, and how near they come."""

    connections: int
    share: float


def find_half(stand: Stand) -> HalfLoad | None:
    """Find by wrk how many connections put about half of its full rate on the app; None without usable readings."""
    wrk = INSTRUMENTS["wrk"]
    if not wrk.is_installed:
        return None
    with stand.serving() as bench:
        full = wrk.read(bench, FULL).rps
        rates = {few: wrk.read(bench, few).rps for few in FEW}
    return nearest_half(full, rates)


def nearest_half(full_rps: float | None, rates: Mapping[int, float | None]) -> HalfLoad | None:
    """Choose the load whose rate comes nearest to half of the full one."""
    if full_rps is None:
        return None
    shares = {connections: rate / full_rps for connections, rate in rates.items() if rate is not None}
    if not shares:
        return None
    connections = min(shares, key=lambda c: abs(shares[c] - 0.5))
    return HalfLoad(connections=connections, share=shares[connections])


def run_round(stand: Stand, number: int, *, seed: int, half: HalfLoad | None) -> dict[str, Reading]:
    """Read every instrument once on one app, in the round's order."""
    names = [name for name, instrument in INSTRUMENTS.items() if instrument.is_installed]
    if half is not None:
        names += ["ours" + HALF, "wrk" + HALF]
    readings = {}
    with stand.serving() as bench:
        for name in order_of(names, seed=seed, number=number):
            connections = half.connections if half is not None and name.endswith(HALF) else FULL
            readings[name] = INSTRUMENTS[name.removesuffix(HALF)].read(bench, connections)
            if readings[name].problem:
                say(f"  round {number}, {name}: not usable: {readings[name].problem}")
    return readings


def main() -> int:
    """Measure, print, write; return an exit code: 0 whatever the targets say."""
    options = _options()
    try:
        _measure(options)
    except BenchError as error:
        say(str(error))
        return int(error.exit_code)
    return 0


def _measure(options: argparse.Namespace) -> None:
    plan = plan_cores()
    for name, instrument in INSTRUMENTS.items():
        if not instrument.is_installed:
            say(f"{name} is not installed here; it is left out, and so is what would be compared with it.")
    if plan.note:
        say(f"Note: {plan.note}.")
    with tempfile.TemporaryDirectory(prefix="bench-driver-") as folder:
        logs = Path(folder)
        cores = plan.others if plan.enforced else ()
        with locust_process(log=logs / "driver.log", cores=cores) as locust:
            stand = Stand(plan=plan, logs=logs, locust=locust, window_s=options.window)
            half = find_half(stand)
            rounds = []
            for number in range(1, options.rounds + 1):
                say(f"round {number} of {options.rounds}")
                rounds.append(run_round(stand, number, seed=options.seed, half=half))
    _print(rounds, half)
    write_json(options.out, _as_json(options, plan, half, rounds))


def _options() -> argparse.Namespace:
    description = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.driver_cost", description=description)
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5); more narrow the intervals")
    parser.add_argument("--window", type=float, default=2.0, help="seconds an instrument runs, whole ones for wrk")
    parser.add_argument("--seed", type=int, default=1, help="decides the order within the rounds")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "driver.json", help="the JSON to write")
    return parser.parse_args()


def _print(rounds: Sequence[Round], half: HalfLoad | None) -> None:
    say(f"\n{ROUTE}, {FULL} connections, {len(rounds)} rounds: medians, ratios with intervals at {1 - ALPHA:.0%}")
    head = ("driver", "CPU a request", "/ FastHttpUser", "/ wrk", "answers a second", "/ wrk")
    say(table(head, [_row(rounds, name) for name, instrument in INSTRUMENTS.items() if instrument.is_installed]))
    if half is not None:
        say(f"\nClosed load of {half.connections} connection(s): {half.share:.0%} of capacity, as wrk finds it")
        rows = [
            (INSTRUMENTS[name].label, _median(rounds, name + HALF, "p50_us"), _median(rounds, name + HALF, "p99_us"))
            for name in ("ours", "wrk")
        ]
        say(table(("driver", "p50", "p99"), rows))
    say()
    for target in TARGETS:
        say(statement(target, _estimate(rounds, target)))


def _row(rounds: Sequence[Round], name: str) -> tuple[str, ...]:
    return (
        INSTRUMENTS[name].label,
        _median(rounds, name, "cpu_us_per_request"),
        _interval(ratio(rounds, "cpu_us_per_request", name, "fast")),
        _interval(ratio(rounds, "cpu_us_per_request", name, "wrk")),
        _median(rounds, name, "rps", unit=""),
        _interval(ratio(rounds, "rps", name, "wrk")),
    )


def _median(rounds: Sequence[Round], name: str, metric: str, *, unit: str = " µs") -> str:
    values = [v for v in (_value(r, name, metric) for r in rounds) if v is not None]
    return f"{median(values):.0f}{unit}" if values else "–"


def _estimate(rounds: Sequence[Round], target: Target) -> Estimate:
    return ratio(rounds, target.metric, target.reading, target.baseline)


def _as_json(
    options: argparse.Namespace, plan: CorePlan, half: HalfLoad | None, rounds: Sequence[Round]
) -> dict[str, Any]:
    return {
        "command": "make bench-driver",
        "route": ROUTE,
        "connections": FULL,
        "window_s": options.window,
        "seed": options.seed,
        "alpha": ALPHA,
        "host": facts(),
        "packages": package_versions(),
        "tools": tool_versions(),
        "git": git_state(ROOT),
        "pinning": plan.as_manifest(),
        "half_load": None if half is None else asdict(half),
        "targets": [_target_json(t, _estimate(rounds, t)) for t in TARGETS],
        "ratios": _ratios(rounds),
        "rounds": [{name: _reading_json(reading) for name, reading in r.items()} for r in rounds],
    }


def _target_json(target: Target, estimate: Estimate) -> dict[str, Any]:
    return {
        "name": target.name,
        "expected": [target.expected.low, None if isinf(target.expected.high) else target.expected.high],
        **_estimate_json(estimate),
        "statement": statement(target, estimate),
    }


def _estimate_json(estimate: Estimate) -> dict[str, Any]:
    high = None if isinf(estimate.high) else estimate.high
    return {"ratio": estimate.effect, "low": estimate.low, "high": high, "rounds": estimate.n}


def _ratios(rounds: Sequence[Round]) -> list[dict[str, Any]]:
    """Return every instrument against FastHttpUser and wrk, at full load."""
    return [
        {
            "driver": name,
            "baseline": baseline,
            "metric": metric,
            **_estimate_json(ratio(rounds, metric, name, baseline)),
        }
        for metric in ("cpu_us_per_request", "rps")
        for baseline in ("fast", "wrk")
        for name, instrument in INSTRUMENTS.items()
        if name != baseline and instrument.is_installed and INSTRUMENTS[baseline].is_installed
    ]


def _reading_json(reading: Reading) -> dict[str, Any]:
    return {**asdict(reading), "rps": reading.rps, "cpu_us_per_request": reading.cpu_us_per_request}


if __name__ == "__main__":
    sys.exit(main())
