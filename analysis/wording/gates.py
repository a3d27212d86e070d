"""Gates as they are typed: `worse:10%` has a limit, `missing` has none."""

from collections.abc import Collection
from dataclasses import dataclass

from analysis.wording.shares import share_of
from experiment.errors import UsageError

WORSE = "worse"
"""The one kind of gate that has a limit: the share of one by which something may be worse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A condition under which a command ends with exit code 3; `limit` is a share of one, 0 where the kind has none."""

    kind: str
    limit: float = 0.0

    @property
    def text(self) -> str:
        """The gate as it is given on the command line."""
        return f"{WORSE}:{self.limit * 100:g}%" if self.kind == WORSE else self.kind


def read_gate(text: str, others: Collection[str], explained: str) -> Gate:
    """Read a gate: `worse` with its limit, or one of the kinds `others`. Raises UsageError with what is `explained`."""
    kind, _, limit = text.strip().partition(":")
    if kind == WORSE and limit:
        return Gate(kind=WORSE, limit=share_of(limit))
    if kind in others and not limit:
        return Gate(kind=kind)
    raise UsageError(f"{text!r} is no gate. Gates are {explained}.")
