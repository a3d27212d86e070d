"""Progress for people: a live view on a terminal, plain lines elsewhere, JSON events for scripts, or nothing."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from analysis.reading.rules import advice_on
from analysis.stats.results import ClaimResult, Verdict
from analysis.wording import words
from analysis.wording.printable import printable
from experiment.design.model import PlannedTrial
from experiment.records.trial import TrialRecord
from harness.campaign.discarded import Discarded
from harness.campaign.events import CampaignProgress, Listener
from harness.trial.driver import Progress

MARKS = {
    Verdict.SUPPORTED: ("supported", "green"),
    Verdict.REFUTED: ("refuted", "red"),
    Verdict.INCONCLUSIVE: ("undecided", "yellow"),
    Verdict.INVALID: ("invalid", "magenta"),
    Verdict.SKIPPED: ("skipped", "dim"),
    Verdict.NOT_MEASURABLE: ("not measurable", "dim"),
}
_MOST_NAMED = 4
_TRIALS_SHOWN = 3
_SPARKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float]) -> str:
    """Return values as a line of bars, the highest as a full one."""
    top = max(values, default=0.0)
    if top <= 0:
        return _SPARKS[0] * len(values)
    return "".join(_SPARKS[min(int(v / top * len(_SPARKS)), len(_SPARKS) - 1)] for v in values)


def in_minutes(seconds: float) -> str:
    """Return a duration as m:ss."""
    whole = max(0, round(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def title(standing: CampaignProgress) -> str:
    """Return what is being measured, e.g. `pass 1` or `step 7 for A18 A19` (round 7); of many claims the first few."""
    if standing.is_pass:
        return f"pass {standing.round}"
    shown, more = standing.claims[:_MOST_NAMED], len(standing.claims) - _MOST_NAMED
    return f"step {standing.round} for {' '.join(shown)}{f' and {more} more' if more > 0 else ''}"


def still_open(standing: CampaignProgress) -> str:
    """Say how far the campaign is: claims that are open, and the part of the budget that is used."""
    used = f"{in_minutes(standing.elapsed_s)} of at most {in_minutes(standing.budget_s)}"
    return f"{standing.open_claims} of {words.plural(standing.all_claims, 'claim')} open, {used}"


def left(standing: CampaignProgress) -> str:
    """Say how long this pass or step will take; how many steps follow, nobody knows."""
    return "" if standing.round_left_s is None else f", about {in_minutes(standing.round_left_s)} more"


def trial_lines(record: TrialRecord) -> list[str]:
    """Say in one line what a trial measured; under an invalid one, what to do about it."""
    m = record.metrics
    if m.makespan_s is not None:
        what = f"all answered after {m.makespan_s:.2f} s"
    elif m.goodput_rps is not None:
        what = f"{m.goodput_rps:8.1f} rps"
    else:
        what = "no figures"
    lag = f", loop lag p99 {m.loop_lag_p99_us / 1000:.1f} ms" if m.loop_lag_p99_us is not None else ""
    stuck = f", stuck at {m.stuck_at}" if m.stuck_at else ""
    bad = "" if record.is_valid else f"  INVALID {' '.join(record.rules)}: {record.reasons.partition(chr(10))[0]}"
    line = f"{record.trial_id} {record.treatment:<46} {what}{lag}{stuck}{bad}"
    return [printable(line), *(f"      {advice}" for advice in advice_on(record.rules))]


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
    """A view that redraws itself on a terminal: round, trial, rps, claims, time left."""

    def __init__(self, console: Console) -> None:
        """Draw on this console from `with` on."""
        self._live = Live(console=console, refresh_per_second=4, transient=True)
        self._standing: CampaignProgress | None = None
        self._planned: PlannedTrial | None = None
        self._rps: list[float] = []
        self._p99_us: float | None = None
        self._lags_ms: list[float] = []
        self._results: Sequence[ClaimResult] = ()
        self._last: list[TrialRecord] = []
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
        self._rps = [*self._rps, progress.rps][-30:]
        self._p99_us = progress.p99_us
        self._draw()

    def trial_ended(self, record: TrialRecord, standing: CampaignProgress) -> None:
        self._standing = standing
        self._last = [*self._last, record][-_TRIALS_SHOWN:]
        self._discarded = None
        lag_us = record.metrics.loop_lag_p99_us
        self._lags_ms = [*self._lags_ms, *([] if lag_us is None else [lag_us / 1000])][-40:]
        self._draw()

    def judged(self, results: Sequence[ClaimResult], standing: CampaignProgress) -> None:
        self._results, self._standing = results, standing
        self._draw()

    def discarding(self, latest: Discarded) -> None:
        self._discarded = latest
        self._draw()

    def _draw(self) -> None:
        self._live.update(Group(*self._lines()))

    def _lines(self) -> list[Any]:
        """Return what is shown: at 80 columns and 24 rows all of it, whatever goes wrong."""
        out: list[Any] = []
        if self._standing is not None:
            s = self._standing
            place = f"trial {min(s.position + 1, s.trials_in_round)} of {s.trials_in_round}{left(s)}"
            out += [_one_line(f"{title(s)}: {place}", style="bold"), _one_line(still_open(s))]
        if self._planned is not None:
            now = f"{self._rps[-1]:.0f} rps" if self._rps else "warming up"
            p99 = f", p99 {self._p99_us / 1000:.1f} ms" if self._p99_us is not None else ""
            out.append(_one_line(f"{self._planned.treatment.id}  {sparkline(self._rps)} {now}{p99}"))
        out += self._latest()
        if self._lags_ms:
            out.append(_one_line(f"loop lag p99 by trial  {sparkline(self._lags_ms)}", style="dim"))
        if self._results:
            out.append(_claims_grid(self._results))
        return out

    def _latest(self) -> list[Text]:
        """Return a line for each of the latest trials, and what to do if they are discarded."""
        if self._discarded is not None:
            return [Text(line, style="red") for line in self._discarded.lines()]
        lines = [trial_lines(record) for record in self._last]
        shown = [_one_line(first, style="dim") if len(rest) == 0 else Text(first) for first, *rest in lines]
        return [*shown, *(Text(advice) for _, *rest in lines[-1:] for advice in rest)]


def _one_line(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")


def _claims_grid(results: Sequence[ClaimResult], columns: int = 4) -> Table:
    grid = Table.grid(padding=(0, 1))  # four columns of the longest words fit into 80
    cells = [Text(f"{r.claim.id:<5}{MARKS[r.verdict][0]}", style=MARKS[r.verdict][1]) for r in results]
    for start in range(0, len(cells), columns):
        grid.add_row(*cells[start : start + columns])
    return grid
