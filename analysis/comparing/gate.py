"""Gates: what makes a comparison of two campaigns fail a build. They look at ratios only.

Absolute figures belong to one machine at one time and must never decide a build, so that no gate for them exists.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from analysis.comparing.compare import CampaignComparison, TreatmentChange
from analysis.wording import words
from analysis.wording.shares import share_of
from experiment.errors import UsageError

GATES_HELP = "worse:5% (a treatment is surely more than 5 % worse) or missing (B has no valid trial of one that A has)"


class GateKind(StrEnum):
    """What a gate looks for."""

    WORSE = "worse"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A condition under which a comparison fails; `limit` is a share of one, 0 where the kind has none."""

    kind: GateKind
    limit: float = 0.0

    @property
    def text(self) -> str:
        """The gate as it is given on the command line."""
        return f"worse:{self.limit * 100:g}%" if self.kind is GateKind.WORSE else self.kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFailure:
    """A treatment that a gate stopped, and why."""

    treatment: str
    reason: str


def parse_gate(text: str) -> Gate:
    """Read a gate; raises UsageError that explains what a gate looks like."""
    kind, _, limit = text.strip().partition(":")
    if kind == GateKind.MISSING and not limit:
        return Gate(kind=GateKind.MISSING)
    if kind == GateKind.WORSE and limit:
        return Gate(kind=GateKind.WORSE, limit=share_of(limit))
    raise UsageError(f"{text!r} is no gate. Gates are {GATES_HELP}.")


def failures(found: CampaignComparison, gates: tuple[Gate, ...]) -> tuple[GateFailure, ...]:
    """Return every treatment that a gate stops, in the comparison's order."""
    return tuple(failure for gate in gates for failure in _stopped(found, gate))


def _stopped(found: CampaignComparison, gate: Gate) -> Iterator[GateFailure]:
    if gate.kind is GateKind.MISSING:
        yield from (GateFailure(treatment=m.treatment, reason=f"gone: {m.reason}") for m in found.missing if m.is_lost)
    else:
        yield from (_worse(row, gate.limit) for row in found.rows if row.is_surely_worse_than(gate.limit))


def _worse(row: TreatmentChange, limit: float) -> GateFailure:
    said = f"{row.primary.metric.label} B / A is {words.span(row.primary.interval)}"
    return GateFailure(treatment=row.treatment, reason=f"{said}: all of it more than {limit * 100:g} % worse")
