"""What the driver costs, and whether it sees what others see: `make bench-driver`.

On the noop route of the real app, pinned to a core of its own, with the instruments on the other, in interleaved rounds
(a fresh app a round, a seeded order within it):

- CPU time a request of the whole driver process, recording and Locust's request event included, while as many
  connections are busy as keep the app saturated;
- capacity: the answers a second that each instrument gets out of the same app, which is the limit for the better ones;
- response times at half of capacity, ours beside h2load's of the same arrivals (half_load.py), several pairs a round.

Values of one round, or of one such pair, are compared with each other; the ratios are those of analysis.stats.estimate
with its intervals, and targets (targets.py) are judged as claims are. `--against DIR` also measures the driver of
another checkout, and says what today's costs by comparison.
"""

import argparse
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from math import isinf
from pathlib import Path
from statistics import median
from typing import Any

from analysis.stats.judge import ALPHA
from analysis.stats.results import Estimate
from bench_app.catalogue import CATALOGUE
from benchmarks.half_load import Pair, rate_for, read_pairs
from benchmarks.instruments import BEFORE, INSTRUMENTS, Bench, Instrument, Reading, tool_versions
from benchmarks.metered import ROOT
from benchmarks.talk import leave_with, say, table, write_json
from benchmarks.targets import TARGETS, Round, Target, estimate_json, interval_text, ratio, statement, value_of
from experiment.design.factors import ServerConfig
from experiment.errors import BenchError, InvalidMeasurementError
from experiment.records.driver_protocol import Request
from harness.system.host import facts, git_state, package_versions
from harness.system.pinning import CorePlan, plan_cores
from harness.system.places import LOCUST_SCRIPT
from harness.trial.driver import locust_process
from harness.trial.sut import sut

VARIANT = CATALOGUE["noop.async-native"]
ASKED = Request(method="GET", path=VARIANT.request.path, expected_status=200, expected_body=b'{"ok":true}')
FULL = 32  # connections that keep the app saturated: more would only lengthen its queue
AGAIN = ("ours", "before", "wrk")
TIMES_AGAIN = 2
"""These are read again so often in each round: what an app answers at full load scatters by a fifth within seconds on a
shared machine, and capacity is to be known to a twentieth."""

PAIRS_A_ROUND = 8  # of half load: a p99 of two seconds scatters even more


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that was measured: readings at full load to be compared with each other, and at half load pairs."""

    instruments: Mapping[str, Instrument]
    rounds: list[Round] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)

    @property
    def at_half(self) -> list[Round]:
        """The pairs at half load, in the form of rounds."""
        return [{"ours": pair.ours, "h2load": pair.h2load} for pair in self.pairs]

    def estimate(self, target: Target) -> Estimate:
        return ratio(self.at_half if target.at_half else self.rounds, target.metric, "ours", target.baseline)


@contextmanager
def serving(bench: Bench, plan: CorePlan, log: Path) -> Iterator[Bench]:
    """Start a fresh app, pinned to its core, warm it up, and return the bench with its port."""
    env = {"BENCH_VARIANTS": VARIANT.id, "BENCH_WORKS": VARIANT.work.name}
    with sut(server=ServerConfig(), environment=env, log=log, plan=plan) as service:
        bench = replace(bench, port=service.port)
        first = INSTRUMENTS["ours"].read(bench, FULL)
        if first.problem:
            raise InvalidMeasurementError(f"the app gives no right answer to {bench.request.path}: {first.problem}")
        yield bench


def read_all(bench: Bench, instruments: Mapping[str, Instrument], chance: random.Random) -> dict[str, Reading]:
    """Read instruments once each, in an order left to chance."""
    order = list(instruments)
    chance.shuffle(order)
    readings = {}
    for name in order:
        readings[name] = instruments[name].read(bench, FULL)
        if readings[name].problem:
            say(f"  {name}: not usable: {readings[name].problem}")
    return readings


def measure_round(bench: Bench, found: Findings, chance: random.Random) -> None:
    readings = read_all(bench, found.instruments, chance)
    found.rounds.append(readings)
    again = {name: found.instruments[name] for name in AGAIN if name in found.instruments}
    if len(again) > 1:
        found.rounds.extend(read_all(bench, again, chance) for _ in range(TIMES_AGAIN))
    capacity_rps = value_of(readings, "h2load", "rps")
    if capacity_rps is not None:
        try:
            found.pairs.extend(read_pairs(bench, rate_for(capacity_rps), PAIRS_A_ROUND, chance))
        except InvalidMeasurementError as error:  # what was measured before it stays
            say(f"  half load: not usable: {error}")


def main() -> int:
    """Measure, print, write; return an exit code: 0 whatever the targets say."""
    options, plan = _options(), plan_cores()
    if plan.note:
        say(f"Note: {plan.note}.")
    try:
        found = _measure(options, plan)
    except BenchError as error:
        say(str(error))
        return int(error.exit_code)
    _print(found)
    write_json(options.out, _as_json(options, plan, found))
    return 0


def _measure(options: argparse.Namespace, plan: CorePlan) -> Findings:
    """Measure round by round, each on an app of its own; say how far it is."""
    scripts = {"ours": LOCUST_SCRIPT} | ({"before": script_of(options.against)} if options.against else {})
    found = Findings(instruments=_installed() | ({"before": BEFORE} if options.against else {}))
    cores = plan.for_others
    with tempfile.TemporaryDirectory(prefix="bench-driver-") as folder, ExitStack() as stack:
        logs = Path(folder)
        drivers = {
            name: stack.enter_context(locust_process(log=logs / f"{name}.log", cores=cores, script=script))
            for name, script in scripts.items()
        }
        bench = Bench(drivers=drivers, cores=cores, port=0, request=ASKED, window_s=options.window)
        for number in range(1, options.rounds + 1):
            say(f"round {number} of {options.rounds}")
            chance = random.Random(f"{options.seed}:{number}")  # noqa: S311 - a reproducible order, not a secret
            with serving(bench, plan, logs / "sut.log") as on_this_app:
                measure_round(on_this_app, found, chance)
    return found


def _installed() -> dict[str, Instrument]:
    missing = [name for name, instrument in INSTRUMENTS.items() if not instrument.is_installed]
    for name in missing:
        say(f"{name} is not installed here; it is left out, and so is what would be compared with it.")
    return {name: instrument for name, instrument in INSTRUMENTS.items() if name not in missing}


def script_of(checkout: Path) -> Path:
    return checkout.resolve() / LOCUST_SCRIPT.relative_to(ROOT)


def _checkout(text: str) -> Path:
    if not script_of(Path(text)).is_file():
        raise argparse.ArgumentTypeError(f"{text} is no checkout of this project")
    return Path(text)


def _options() -> argparse.Namespace:
    description = (__doc__ or "").split("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.driver_cost", description=description)
    parser.add_argument("--rounds", type=int, default=5, help="rounds (default 5); more narrow the intervals")
    parser.add_argument("--window", type=float, default=2.0, help="seconds an instrument runs, whole ones for wrk")
    parser.add_argument("--seed", type=int, default=1, help="decides the order within the rounds")
    parser.add_argument("--against", type=_checkout, metavar="DIR", help="also measure the driver of this checkout")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "driver.json", help="the JSON to write")
    return parser.parse_args()


def _print(found: Findings) -> None:
    rounds = found.rounds
    say(f"\n{VARIANT.id}, {FULL} connections: medians, ratios with intervals at {1 - ALPHA:.0%}")
    head = ("driver", "CPU a request", "/ FastHttpUser", "/ wrk", "answers a second", "/ wrk")
    say(table(head, [_row(rounds, name, instrument.label) for name, instrument in found.instruments.items()]))
    if "before" in found.instruments:
        cost, capacity = (ratio(rounds, metric, "ours", "before") for metric in ("cpu_us_per_request", "rps"))
        said = f"CPU a request {interval_text(cost)}, answers a second {interval_text(capacity)}"
        say(f"ours today / before: {said}, of {cost.n} pairs")
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


def _row(rounds: Sequence[Round], name: str, label: str) -> tuple[str, ...]:
    return (
        label,
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
        "route": VARIANT.id,
        "connections": FULL,
        "window_s": options.window,
        "seed": options.seed,
        "alpha": ALPHA,
        "host": facts(),
        "packages": package_versions(),
        "tools": tool_versions(),
        "git": git_state(ROOT),
        "against": git_state(options.against) if options.against else None,
        "pinning": plan.as_manifest(),
        "targets": [_target_json(t, found.estimate(t)) for t in TARGETS],
        "ratios": _ratios(found),
        "rounds": [{name: _reading_json(reading) for name, reading in r.items()} for r in found.rounds],
        "half_load": [pair_json(pair) for pair in found.pairs],
    }


def pair_json(pair: Pair) -> dict[str, Any]:
    return {
        **asdict(pair.rate),
        "first": "ours" if pair.ours_first else "h2load",
        "ours": _reading_json(pair.ours),
        "h2load": _reading_json(pair.h2load),
    }


def _target_json(target: Target, estimate: Estimate) -> dict[str, Any]:
    low, high = target.expected.low, target.expected.high
    expected = [low, None if isinf(high) else high]
    said = statement(target, estimate)
    return {"name": target.name, "expected": expected, **estimate_json(estimate), "statement": said}


def _ratios(found: Findings) -> list[dict[str, Any]]:
    """Return every instrument against FastHttpUser, wrk and the driver before, at full load."""
    return [
        {"driver": name, "baseline": baseline, "metric": metric}
        | estimate_json(ratio(found.rounds, metric, name, baseline))
        for metric in ("cpu_us_per_request", "rps")
        for baseline in ("fast", "wrk", "before")
        for name in found.instruments
        if name != baseline and baseline in found.instruments
    ]


def _reading_json(reading: Reading) -> dict[str, Any]:
    return {**asdict(reading), "rps": reading.rps, "cpu_us_per_request": reading.cpu_us_per_request}


if __name__ == "__main__":
    leave_with(main)
