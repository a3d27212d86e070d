"""Progress for people: a live view on a terminal, plain lines elsewhere, JSON events for scripts, or nothing."""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from analysis.reading.rules import advice_on
from analysis.stats.results import ClaimResult
from analysis.wording import words
from analysis.wording.columns import cut, wrapped
from analysis.wording.printable import printable
from experiment.design.model import PlannedTrial
from experiment.records.trial import TrialRecord
from harness.campaign.discarded import Discarded
from harness.campaign.events import CampaignProgress, Listener
from harness.commands.live_text import (
    MARKS,
    brief_line,
    claim_lines,
    history,
    left,
    sparkline,
    still_open,
    title,
    trial_lines,
)
from harness.trial.driver import Progress

_TRIALS_SHOWN = 3
_SECONDS_SHOWN = 30
_INDENT = " " * 7


class PlainLines(Listener):
    """One line an event, for logs and pipes."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False, soft_wrap=True)

    def note(self, text: str) -> None:
        self.console.print(printable(text), markup=False)

    def round_started(self, standing: CampaignProgress) -> None:
        trials = words.plural(standing.trials_in_round, "trial")
        self.note(f"{title(standing)}: {trials}{left(standing)}; {still_open(standing)}")

    def trial_ended(self, record: TrialRecord, standing: CampaignProgress) -> None:
        line, *advice = trial_lines(record)
        self.note(f"  [{standing.position}/{standing.trials_in_round}] {line}")
        for each in advice:
            self.note(each)

    def judged(self, results: Sequence[ClaimResult], standing: CampaignProgress) -> None:
        told = [r for r in results if standing.is_pass or r.claim.id in standing.claims]
        named = "  ".join(f"{r.claim.id} {MARKS[r.verdict][0]}" for r in told)
        self.note(f"  now{': ' if named else ''}{named}")

    def discarding(self, latest: Discarded) -> None:
        for line in latest.lines():
            self.note(f"  {line}")


class JsonLines(Listener):
    """One JSON object an event on standard output, for scripts."""

    def _say(self, event: str, **data: Any) -> None:
        sys.stdout.write(json.dumps({"event": event, **data}) + "\n")
        sys.stdout.flush()

    def note(self, text: str) -> None:
        self._say("note", text=text)

    def round_started(self, standing: CampaignProgress) -> None:
        self._say("round", **asdict(standing))

    def trial_progress(self, planned: PlannedTrial, progress: Progress) -> None:
        self._say("progress", trial_id=planned.trial_id, treatment=planned.treatment.id, **asdict(progress))

    def trial_ended(self, record: TrialRecord, standing: CampaignProgress) -> None:
        self._say("trial", **asdict(record), advice=advice_on(record.rules), elapsed_s=standing.elapsed_s)

    def judged(self, results: Sequence[ClaimResult], standing: CampaignProgress) -> None:
        self._say("judged", round=standing.round, verdicts={r.claim.id: r.verdict.value for r in results})

    def discarding(self, latest: Discarded) -> None:
        self._say("discarding", in_a_row=latest.in_a_row, rules=latest.rules(), advice=latest.advice())

    def ended(self, results: Sequence[ClaimResult], stopped_because: str) -> None:
        verdicts = {r.claim.id: r.verdict.value for r in results}
        self._say("ended", stopped_because=stopped_because, verdicts=verdicts)


class LiveView(Listener):
    """A view that redraws itself on a terminal: the round, the trial that runs, the latest ones, every claim.

    It never takes more room than the terminal has, and no line of it mixes what different treatments did.
    """

    def __init__(self, console: Console) -> None:
        """Draw on this console from `with` on."""
        self._live = Live(console=console, refresh_per_second=4, transient=True)
        self._standing: CampaignProgress | None = None
        self._planned: PlannedTrial | None = None
        self._rps: list[float] = []
        self._p99_us: float | None = None
        self._results: Sequence[ClaimResult] = ()
        self._last: list[TrialRecord] = []
        self._by_treatment: defaultdict[str, list[TrialRecord]] = defaultdict(list)
        self._discarded: Discarded | None = None

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._live.stop()

    def note(self, text: str) -> None:
        self._live.console.print(printable(text), markup=False, highlight=False)

    def round_started(self, standing: CampaignProgress) -> None:
        self._standing = standing
        self._draw()

    def trial_started(self, planned: PlannedTrial, standing: CampaignProgress) -> None:
        self._planned, self._standing, self._rps, self._p99_us = planned, standing, [], None
        self._draw()

    def trial_progress(self, planned: PlannedTrial, progress: Progress) -> None:  # noqa: ARG002 - the protocol's
        self._rps = [*self._rps, progress.rps][-_SECONDS_SHOWN:]
        self._p99_us = progress.p99_us
        self._draw()

    def trial_ended(self, record: TrialRecord, standing: CampaignProgress) -> None:
        self._standing = standing
        self._last = [*self._last, record][-_TRIALS_SHOWN:]
        self._by_treatment[record.treatment].append(record)
        self._discarded = None
        self._draw()

    def judged(self, results: Sequence[ClaimResult], standing: CampaignProgress) -> None:
        self._results, self._standing = results, standing
        self._draw()

    def discarding(self, latest: Discarded) -> None:
        self._discarded = latest
        self._draw()

    def _draw(self) -> None:
        self._live.update(Group(*self._lines()))

    def _lines(self) -> list[Text]:
        """Return what is shown: whatever goes wrong, no more lines than the terminal has, and none that is too wide."""
        size = self._live.console.size
        parts = [list(lines) for lines in (self._head(), self._now(), self._latest(size.width))]
        used = sum(map(len, parts))
        parts = [part for part in (*parts, claim_lines(self._results, size.width, size.height - used)) if part]
        has_room = sum(map(len, parts)) + len(parts) <= size.height
        lines = [line for part in parts for line in (*part, *[("", "")] * has_room)]
        cut_lines = ((cut(printable(text), size.width), style) for text, style in lines[: size.height])
        return [Text(text, style=style, no_wrap=True) for text, style in cut_lines]

    def _head(self) -> Iterator[tuple[str, str]]:
        if self._standing is not None:
            s = self._standing
            place = f"trial {min(s.position + 1, s.trials_in_round)} of {s.trials_in_round}{left(s)}"
            yield f"{title(s)}: {place}", "bold"
            yield still_open(s), ""

    def _now(self) -> Iterator[tuple[str, str]]:
        """Yield the trial that runs: its treatment, what it does, and what the treatment's trials before it did."""
        if self._planned is None:
            return
        treatment = self._planned.treatment.id
        now = f"{sparkline(self._rps)} {self._rps[-1]:.0f} rps" if self._rps else "warming up"
        p99 = f", p99 {words.duration_us(self._p99_us)}" if self._p99_us is not None else ""
        yield f"{self._planned.trial_id}  {treatment}", "bold"
        yield f"{_INDENT}{now}{p99}", ""
        if before := history(self._by_treatment[treatment]):
            yield f"{_INDENT}{before}", "dim"

    def _latest(self, width: int) -> Iterator[tuple[str, str]]:
        """Yield the latest trials, and what to do about the last if it was discarded, or about many that were."""
        if self._discarded is not None:
            for text in self._discarded.lines():
                yield from ((line, "red") for line in wrapped(text, width))
            return
        for record in self._last:
            yield brief_line(record, width), "dim" if record.is_valid else ""
        for advice in advice_on(self._last[-1].rules) if self._last else ():
            yield from ((line, "") for line in wrapped(advice, width, indent=_INDENT))
