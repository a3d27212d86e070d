"""A slide on which time runs: what it shows, what of it moves, and of which round it is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from matplotlib.artist import Artist

from analysis.drawing.canvas import Canvas
from analysis.reading.campaign import Campaign
from experiment.design.model import Claim, Treatment

Mover = Callable[[float], Iterable[Artist]]  # moves artists to a second, and returns those that are seen then
LONGEST_S = 30.0  # what took longer is played faster, and says so


def together(movers: Sequence[Mover]) -> Mover:
    return lambda second: [artist for mover in movers for artist in mover(second)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What happened over `span_s` seconds. `draw` draws what stands still and returns what moves, by the second.

    Everything that moves is made `animated`, so that it is drawn on each frame and not into the ground beneath.
    """

    claim: Claim
    title: str
    facts: tuple[str, ...]
    span_s: float
    draw: Callable[[Canvas], Mover]

    @property
    def speed(self) -> int:
        """How many times as fast as it was it is played."""
        return max(1, ceil(self.span_s / LONGEST_S))

    @property
    def pace(self) -> str:
        return "in real time" if self.speed == 1 else f"{self.speed} times as fast as it was"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrials:
    """A round, and its trials by treatment."""

    number: int
    among: int
    trials: Mapping[str, str]

    @property
    def words(self) -> str:
        return f"round {self.number}, the middle one of {self.among}" if self.among > 1 else f"round {self.number}"


def middle_round(campaign: Campaign, wanted: Sequence[Treatment]) -> RoundTrials | None:
    """Return the middle one of the rounds in which all of these have a valid trial, or None without one."""
    treatments = {treatment.id for treatment in wanted}
    by_round: dict[int, dict[str, str]] = {}
    for trial in campaign.trials:
        if trial.is_valid and trial.treatment in treatments:
            by_round.setdefault(trial.round, {})[trial.treatment] = trial.trial_id
    whole = sorted(number for number, found in by_round.items() if len(found) == len(treatments))
    if not whole:
        return None
    number = whole[(len(whole) - 1) // 2]
    return RoundTrials(number=number, among=len(whole), trials=by_round[number])
