"""Gates: what makes a comparison of two campaigns fail a build. They look at ratios only.

Absolute figures belong to one machine at one time and must never decide a build, so that no gate for them exists.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from analysis.comparing.compare import CampaignComparison, TreatmentChange, obstacle_text
from analysis.wording import words
from analysis.wording.gates import Gate, read_gate
from experiment.errors import UsageError

MISSING = "missing"
GATES_HELP = "worse:5% (a treatment is surely more than 5 % worse) or missing (B has no valid trial of one that A has)"


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFailure:
    """A treatment that a gate stopped, and why."""

    treatment: str
    reason: str


def parse_gate(text: str) -> Gate:
    """Read a gate; raises UsageError that explains what a gate looks like."""
    return read_gate(text, {MISSING}, GATES_HELP)


def refuse_unlike_machines(found: CampaignComparison) -> None:
    """Raise UsageError where a gate would judge two machines instead of a change, unless that is forced."""
    if found.is_forced or not found.unlike_machines:
        return
    raise UsageError(
        f"a gate cannot tell a change from another machine: {obstacle_text(found.unlike_machines)} Measure both "
        "campaigns on one machine, or add --force, and the gate looks at the ratios as they are."
    )


def failures(found: CampaignComparison, gates: tuple[Gate, ...]) -> tuple[GateFailure, ...]:
    """Return every treatment that a gate stops, in the comparison's order."""
    return tuple(failure for gate in gates for failure in _stopped(found, gate))


def _stopped(found: CampaignComparison, gate: Gate) -> Iterator[GateFailure]:
    if gate.kind == MISSING:
        yield from (GateFailure(treatment=m.treatment, reason=f"gone: {m.reason}") for m in found.missing if m.is_lost)
    else:
        yield from (_worse(row, gate.limit) for row in found.rows if row.is_surely_worse_than(gate.limit))


def _worse(row: TreatmentChange, limit: float) -> GateFailure:
    said = f"{row.primary.metric.label} B / A is {words.span(row.primary.interval)}"
    return GateFailure(treatment=row.treatment, reason=f"{said}: all of it more than {limit * 100:g} % worse")
