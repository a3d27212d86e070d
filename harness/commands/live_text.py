"""What the progress of a campaign is in lines, for the live view and for logs (pure)."""

from collections.abc import Sequence

from analysis.reading.rules import advice_on
from analysis.stats.results import ClaimResult, Verdict
from analysis.wording import words
from analysis.wording.columns import cut, padded, wrapped
from analysis.wording.printable import printable
from experiment.records.trial import TrialRecord
from harness.campaign.events import CampaignProgress

MARKS = {
    Verdict.SUPPORTED: ("supported", "green"),
    Verdict.REFUTED: ("refuted", "red"),
    Verdict.INCONCLUSIVE: ("undecided", "yellow"),
    Verdict.INVALID: ("invalid", "magenta"),
    Verdict.SKIPPED: ("skipped", "dim"),
    Verdict.NOT_MEASURABLE: ("not measurable", "dim"),
}
_MOST_NAMED = 4
_VERDICT_ROOM = 20  # the longest word of a verdict, and how many have it
_MOST_BARS = 20
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


def figure(record: TrialRecord) -> str:
    """Return what a trial measured first of all: its goodput, or how long a burst took."""
    value = _value(record)
    if value is None:
        return "no figures"
    return f"{value:.1f} rps" if record.metrics.makespan_s is None else words.duration(value)


def _value(record: TrialRecord) -> float | None:
    m = record.metrics
    return m.goodput_rps if m.makespan_s is None else m.makespan_s


def brief_line(record: TrialRecord, width: int) -> str:
    """Return a trial in one line of at most `width` columns: the figures first, which a long name must not cut off."""
    lag_us = record.metrics.loop_lag_p99_us
    lag = "" if lag_us is None else f"loop lag p99 {words.duration_us(lag_us)}"
    if record.is_valid:
        line = f"{record.trial_id}  {figure(record):>11}  {lag:<22}  {record.treatment}"
    else:
        reason = record.reasons.partition("\n")[0]
        line = f"{record.trial_id}  INVALID {' '.join(record.rules)}: {reason}  {record.treatment}"
    return cut(printable(line), width)


def history(records: Sequence[TrialRecord]) -> str:
    """Return what the valid trials of one treatment did so far, as bars and their range; empty before the first."""
    done = [(value, figure(record)) for record in records if record.is_valid and (value := _value(record)) is not None]
    if not done:
        return ""
    (_, low), (_, high) = min(done), max(done)
    span = low if low == high else f"{low.removesuffix(' rps')} to {high}"
    return (
        f"{sparkline([value for value, _ in done[-_MOST_BARS:]])} {span} in {words.plural(len(done), 'trial')} before"
    )


def claim_lines(results: Sequence[ClaimResult], width: int, most: int) -> list[tuple[str, str]]:
    """Return the ids of claims by verdict, each line with its colour and none wider than `width`.

    Where that takes more than `most` lines, each verdict has one, with the ids that fit.
    """
    lines, brief = [], []
    for verdict, (word, colour) in MARKS.items():
        ids = [result.claim.id for result in results if result.verdict is verdict]
        if ids:
            head, text = padded(f"{len(ids):>3} {word}", _VERDICT_ROOM), " ".join(ids)
            all_of_it = wrapped(text, width, indent=" " * _VERDICT_ROOM, first=head)
            lines += [(line, colour) for line in all_of_it]
            brief.append((cut(head + text, width), colour))
    return lines if len(lines) <= most else brief
