"""What the driver costs, and whether it sees what others see: `make bench-driver`.

On the noop route of the real app, pinned to a core of its own, with the instruments on the other, in interleaved rounds
(a fresh app a round, a seeded order within it):

- CPU time a request of the whole driver process, recording and Locust's request event included, while as many
  connections are busy as keep the app saturated;
- capacity: the answers a second that each instrument gets out of the same app, which is the limit for the better ones;
- response times at half of capacity, ours beside h2load's of the same arrivals (half_load.py), several pairs a round.

Values of one round, or of one such pair, are compared with each other; the ratios are those of analysis.estimate with
its intervals, and targets (targets.py) are judged as claims are.
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

from analysis.stats.judge import ALPHA
from bench_app.catalogue import CATALOGUE
from benchmarks.half_load import rate_for, read_pairs
from benchmarks.instruments import INSTRUMENTS, Bench, Reading, tool_versions
from benchmarks.metered import ROOT
from benchmarks.talk import say, table, write_json
from benchmarks.targets import TARGETS, interval_text, ratio, statement, value_of
from experiment.design.factors import ServerConfig
from experiment.errors import BenchError, InvalidMeasurementError
from harness.system.host import facts, git_state, package_versions
from harness.system.pinning import plan_cores
from harness.trial.driver import LocustProcess, locust_process
from harness.trial.sut import sut

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from analysis.stats.results import Estimate
    from benchmarks.half_load import Pair
    from benchmarks.targets import Round, Target
    from harness.system.pinning import CorePlan

ROUTE = "noop.async-native"
ANSWER = b'{"ok":true}'
FULL = 32
"""Connections that keep the app saturated: more would only lengthen its queue."""

AGAIN = ("ours", "wrk")
TIMES_AGAIN = 2
"""These two are read again so often in each round: what an app answers at full load scatters by a fifth within seconds
on a shared machine, and capacity is to be known to a twentieth."""

PAIRS_A_ROUND = 8
"""Of half load: a p99 of two seconds scatters even more."""


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
        env = {"BENCH_VARIANTS": variant.id, "BENCH_WORKS": variant.work.name}
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
class Findings:
    """All that was measured: readings at full load to be compared with each other, and at half load pairs."""

    rounds: list[Round]
    pairs: list[Pair]

    def estimate(self, target: Target) -> Estimate:
        """Return what a target's metric came to."""
        of = self.at_half if target.at_half else self.rounds
        return ratio(of, target.metric, "ours", target.baseline)

    @property
    def at_half(self) -> list[Round]:
        """The pairs at half load, in the form of rounds."""
        return [{"ours": pair.ours, "h2load": pair.h2load} for pair in self.pairs]


def read_all(bench: Bench, names: Sequence[str], chance: random.Random) -> dict[str, Reading]:
    """Read instruments once each, in an order left to chance, those that are not installed left out."""
    order = [name for name in names if INSTRUMENTS[name].is_installed]
    chance.shuffle(order)
    readings = {}
    for name in order:
        readings[name] = INSTRUMENTS[name].read(bench, FULL)
        if readings[name].problem:
            say(f"  {name}: not usable: {readings[name].problem}")
    return readings


def measure(stand: Stand, *, rounds: int, seed: int) -> Findings:
    """Measure round by round, each on an app of its own; say how far it is."""
    found = Findings(rounds=[], pairs=[])
    for number in range(1, rounds + 1):
        say(f"round {number} of {rounds}")
        chance = random.Random(f"{seed}:{number}")  # noqa: S311 - a reproducible order, not a secret
        with stand.serving() as bench:
            readings = read_all(bench, list(INSTRUMENTS), chance)
            found.rounds.append(readings)
            if all(name in readings for name in AGAIN):
                found.rounds.extend(read_all(bench, AGAIN, chance) for _ in range(TIMES_AGAIN))
            h2load = readings.get("h2load")
            if h2load is not None and h2load.rps is not None:
                try:
                    found.pairs.extend(read_pairs(bench, rate_for(h2load.rps), PAIRS_A_ROUND, chance))
                except InvalidMeasurementError as error:  # what was measured before it stays
                    say(f"  half load: not usable: {error}")
    return found


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
            found = measure(stand, rounds=options.rounds, seed=options.seed)
    _print(found)
    write_json(options.out, _as_json(options, plan, found))


def _options() -> argparse.Namespace:
    description = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.driver_cost", description=description)
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5); more narrow the intervals")
    parser.add_argument("--window", type=float, default=2.0, help="seconds an instrument runs, whole ones for wrk")
    parser.add_argument("--seed", type=int, default=1, help="decides the order within the rounds")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "driver.json", help="the JSON to write")
    return parser.parse_args()


def _print(found: Findings) -> None:
    rounds = found.rounds
    say(f"\n{ROUTE}, {FULL} connections: medians, ratios with intervals at {1 - ALPHA:.0%}")
    head = ("driver", "CPU a request", "/ FastHttpUser", "/ wrk", "answers a second", "/ wrk")
    say(table(head, [_row(rounds, name) for name, instrument in INSTRUMENTS.items() if instrument.is_installed]))
    if found.pairs:
        rates = [pair.rate.rps for pair in found.pairs]
        say(f"\nHalf of capacity, {min(rates):.0f} to {max(rates):.0f} requests a second by the round")
        rows = [
            (INSTRUMENTS[name].label, *(_median(found.at_half, name, metric) for metric in ("p50_us", "p99_us")))
            for name in ("ours", "h2load")
        ]
        say(table(("driver", "p50", "p99"), rows))
    say()
    for target in TARGETS:
        say(statement(target, found.estimate(target)))


def _row(rounds: Sequence[Round], name: str) -> tuple[str, ...]:
    return (
        INSTRUMENTS[name].label,
        _median(rounds, name, "cpu_us_per_request"),
        interval_text(ratio(rounds, "cpu_us_per_request", name, "fast")),
        interval_text(ratio(rounds, "cpu_us_per_request", name, "wrk")),
        _median(rounds, name, "rps", unit=""),
        interval_text(ratio(rounds, "rps", name, "wrk")),
    )


def _median(rounds: Sequence[Round], name: str, metric: str, *, unit: str = " µs") -> str:
    values = [v for v in (value_of(r, name, metric) for r in rounds) if v is not None]
    return f"{median(values):.0f}{unit}" if values else "–"


def _as_json(options: argparse.Namespace, plan: CorePlan, found: Findings) -> dict[str, Any]:
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
        "targets": [_target_json(t, found.estimate(t)) for t in TARGETS],
        "ratios": _ratios(found.rounds),
        "rounds": [{name: _reading_json(reading) for name, reading in r.items()} for r in found.rounds],
        "half_load": [_pair_json(pair) for pair in found.pairs],
    }


def _pair_json(pair: Pair) -> dict[str, Any]:
    return {
        **asdict(pair.rate),
        "first": "ours" if pair.ours_first else "h2load",
        "ours": _reading_json(pair.ours),
        "h2load": _reading_json(pair.h2load),
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
