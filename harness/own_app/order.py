"""What the user asked of `bench app run` and `bench app try`, as values, and the bounds that follow from it (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from experiment.design.factors import ServerConfig
from experiment.design.loads import LOADS
from experiment.design.model import Load
from experiment.design.own_app import DEFAULT_LOADS, AppRequest, BenchFile
from experiment.records.manifest import Elsewhere
from harness.own_app.claims import MARGIN

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MAX_ROUNDS = 12
_ROUNDS_BUDGETED = 4
_TRIAL_S = 4.5
"""What a trial takes with the usual loads: the app's start, warm-up and window."""
_LEAST_MINUTES, _MOST_MINUTES = 2, 12
_LONG = LOADS["closed-20-long"]
_SLOW_S = 0.15
"""From here on 20 users need a longer window, or a route that blocks has a handful of answers in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppOrder:
    """What to measure.

    `requests`: ids, empty for all of the file. `against`: a git reference or a folder. `change`: what `try` tries.
    `workers`: how many processes drive, 0: one without a master; `elsewhere`: how those that others start find it.
    """

    file: BenchFile
    out: Path
    seed: int
    command: str
    requests: tuple[str, ...] = ()
    against: str | None = None
    against_python: str | None = None
    change: ServerConfig | None = None
    margin: float = MARGIN
    budget_s: float | None = None
    max_rounds: int = MAX_ROUNDS
    workers: int = 0
    elsewhere: Elsewhere | None = None

    @property
    def asked(self) -> str:
        """What was asked, as app.json says it."""
        return "try" if self.change is not None else "run against a version" if self.against else "run"

    @property
    def chosen(self) -> tuple[AppRequest, ...]:
        """The requests that are measured, in the file's order."""
        return tuple(r for r in self.file.requests if not self.requests or r.id in self.requests)


def loads_for(file: BenchFile, service_s: float) -> tuple[Load, ...]:
    """Return the loads of a request that takes so long alone: the file's, or of the usual ones those that fit it."""
    if file.loads != DEFAULT_LOADS or service_s < _SLOW_S:
        return file.loads
    return tuple(_LONG if load.users == _LONG.users else load for load in file.loads)


def budget_s(treatments: int, *, rounds: int = _ROUNDS_BUDGETED) -> float:
    """Return the usual budget, whole minutes: four rounds of everything, from two minutes to twelve."""
    minutes = ceil(treatments * _TRIAL_S * rounds / 60)
    return 60.0 * min(_MOST_MINUTES, max(_LEAST_MINUTES, minutes))


def writes(requests: Sequence[AppRequest]) -> tuple[AppRequest, ...]:
    """Return the requests that may change the app's data."""
    return tuple(request for request in requests if request.method not in SAFE_METHODS)
