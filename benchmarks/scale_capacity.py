"""How much more two workers drive than one, against a stub that is no limit, in interleaved rounds."""

import random
import time
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from analysis.stats.results import Estimate
from benchmarks.boundless import ANSWER, BODY, boundless
from benchmarks.instruments import WARMUP_S, Bench, Reading, ours_reading, trial_of
from benchmarks.talk import say, table
from benchmarks.targets import Round, estimate_json, interval_text, ratio, value_of
from experiment.records.driver_protocol import ClosedOrder, Request
from experiment.records.scale_figures import CapacityFigures, RatioFigure
from harness.system.pinning import CorePlan
from harness.system.services import Service
from harness.system.usage import cpu_s
from harness.trial.driver import DriverFailedError, locust_process

WORKERS: Mapping[str, int] = {"one process": 0, "1 worker": 1, "2 workers": 2}
RATIOS = (("1 worker", "one process"), ("2 workers", "one process"), ("2 workers", "1 worker"))
TARGET = 1.8
CONNECTIONS = 64
ASKED = Request(method="GET", path="/load", expected_status=200, expected_body=BODY)
_STUB_IS_A_LIMIT = 0.85
_CORES_FOR_TWO = 2
_STAGGER_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """All rounds, and which share of its core the stub used beside each reading."""

    plan: CorePlan
    window_s: float
    rounds: list[Round] = field(default_factory=list)
    stub_shares: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def ratio_of(self, one: str, other: str) -> Estimate:
        return ratio(self.rounds, "rps", one, other)

    @property
    def reason(self) -> str | None:
        """Why two workers cannot do twice what one does here; None where they can."""
        free = len(self.plan.others)
        if not self.plan.enforced or free < _CORES_FOR_TWO:
            cores = len(self.plan.everything)
            return (
                f"2 free cores are not there: of {cores} here the stub takes one, and both workers share what is left"
            )
        busiest = max((share for shares in self.stub_shares.values() for share in shares), default=0.0)
        return f"the stub used {busiest:.0%} of its core and was the limit" if busiest > _STUB_IS_A_LIMIT else None

    def lines(self) -> list[str]:
        """Say what came out, and whether two workers are as good as two."""
        rows = [(name, *self._row(name)) for name in WORKERS]
        ratios = [f"{one} / {other}: {interval_text(self.ratio_of(one, other))}" for one, other in RATIOS]
        return [table(("", "answers a second", "stub's core"), rows), *ratios, self._verdict()]

    def _row(self, name: str) -> tuple[str, str]:
        rps = [value for r in self.rounds if (value := value_of(r, name, "rps"))]
        shares = self.stub_shares[name]
        return (f"{median(rps):.0f}" if rps else "–", f"{max(shares):.0%}" if shares else "–")

    def _verdict(self) -> str:
        found = self.ratio_of(*RATIOS[-1])
        if found.effect is not None and found.low >= TARGET:
            return f"HELD  2 workers drive at least {TARGET:g} times what 1 does"
        why = f"because {self.reason}" if self.reason else "and nothing that was looked at says why"
        return f"NOT SHOWN  2 workers drive at least {TARGET:g} times what 1 does: {why}"

    def figures(self) -> CapacityFigures:
        """Return what the file says of it."""
        of = {name: [v for r in self.rounds if (v := value_of(r, name, "rps"))] for name in WORKERS}
        return CapacityFigures(
            window_s=self.window_s,
            connections=CONNECTIONS,
            rps={name: round(median(values), 1) for name, values in of.items() if values},
            stub_share={name: round(max(shares), 3) for name, shares in self.stub_shares.items()},
            ratios={
                f"{one} / {other}": RatioFigure(**estimate_json(self.ratio_of(one, other))) for one, other in RATIOS
            },
            reason=self.reason,
            request_bytes=len(f"GET {ASKED.path} HTTP/1.1\r\nhost: 127.0.0.1:80000\r\n\r\n"),
            answer_bytes=len(ANSWER),
        )


def measure_capacity(plan: CorePlan, folder: Path, *, rounds: int, window_s: float, seed: int) -> Capacity:
    """Read each once in every round, in an order left to chance."""
    found = Capacity(plan=plan, window_s=window_s)
    with ExitStack() as stack:
        stub = stack.enter_context(boundless(folder / "stub.log", plan.for_sut(all_cores=False)))
        drivers = {
            name: stack.enter_context(
                locust_process(log=folder / f"driver-{count}.log", cores=plan.for_others, workers=count)
            )
            for name, count in WORKERS.items()
        }
        bench = Bench(drivers=drivers, cores=plan.for_others, port=stub.port, request=ASKED, window_s=window_s)
        for number in range(1, rounds + 1):
            say(f"capacity: round {number} of {rounds}")
            order = list(WORKERS)
            random.Random(f"{seed}:{number}").shuffle(order)  # noqa: S311 - a reproducible order, not a secret
            found.rounds.append({name: _read(bench, name, stub, found.stub_shares[name]) for name in order})
    return found


def _read(bench: Bench, name: str, stub: Service, shares: list[float]) -> Reading:
    """Drive as fast as it goes, and note what the stub used meanwhile."""
    command = trial_of(bench, ClosedOrder(users=CONNECTIONS, stagger_s=_STAGGER_S), warmup_s=WARMUP_S)
    before_s, start = cpu_s(stub.process.pid), time.monotonic()
    edges: list[float] = []
    try:
        result = bench.drivers[name].run(command, lambda _: edges.append(time.monotonic()))
    except DriverFailedError as error:
        say(f"  {name}: not usable: {error}")
        return Reading(problem=str(error))
    after_s = cpu_s(stub.process.pid)
    if before_s is not None and after_s is not None:
        loaded_s = time.monotonic() - (edges[0] if edges else start)
        shares.append((after_s - before_s) / loaded_s)
    return ours_reading(result)
