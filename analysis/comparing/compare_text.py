"""A comparison of two campaigns in words, as Markdown for a pull request, as JUnit XML and as JSON.

Each of them says so when the machines are unlike, or the comparison was forced.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import inf
from typing import Any

from analysis.comparing.compare import BESIDE, ENOUGH_TRIALS, CampaignComparison, TreatmentChange, is_higher_better
from analysis.comparing.gate import GateFailure
from analysis.comparing.reproduction import DECIDED, ClaimPair, Outcome, claim_json, difference_json
from analysis.comparing.reproduction_text import difference_table, verdict_text
from analysis.stats.direction import Direction
from analysis.stats.independent import MetricRatio
from analysis.wording import junit, markdown, words
from analysis.wording.gates import Gate
from experiment.design.metrics import Metric
from experiment.design.model import Interval

_SIGNS = {
    Direction.BETTER: "+",
    Direction.WORSE: "!",
    Direction.DIFFERS: "~",
    Direction.SAME: "=",
    Direction.UNDECIDED: "?",
}
_NO_NOTICEABLE_SHIFT = 0.02
_MANY = 0.25  # of all treatments


def headline(found: CampaignComparison) -> str:
    """Return the result in one sentence: `B against A: of 12 treatments 1 is worse, 9 same, 2 undecided`."""
    order = (Direction.WORSE, Direction.BETTER, Direction.DIFFERS, Direction.SAME, Direction.UNDECIDED)
    counts = words.listing([_counted(c, found.count(c)) for c in order if found.count(c)])
    if not counts:
        return f"{found.b} (B) against {found.a} (A): no treatment could be compared"
    return f"{found.b} (B) against {found.a} (A), {words.plural(len(found.rows), 'treatment')}: {counts}"


def _counted(direction: Direction, count: int) -> str:
    is_plural_verb = direction is Direction.DIFFERS and count > 1
    return f"{count} {'differ' if is_plural_verb else direction.value}"


def method(found: CampaignComparison) -> str:
    """Say how the intervals were made, and what they do not hold."""
    share, m = f"{found.margin * 100:g} %", len(found.rows)
    moved = "Differs" if found.unlike_machines else "Better and worse"
    return (
        f"B / A of geometric means over valid trials, with Welch intervals on logarithms at "
        f"{100 * (1 - found.alpha):g} % for all {words.plural(m, 'treatment')} together (Bonferroni). "
        f"Same: the interval lies within ±{share}. {moved}: it does not reach 1. "
        "The intervals hold the scatter of trials, not what the machine itself did between A and B."
    )


def shift(found: CampaignComparison) -> str:
    """Point out that nearly everything moved together, which is rather the machine than the change; else nothing."""
    typical = found.typical
    if typical is None or found.unlike_machines or abs(typical - 1) < _NO_NOTICEABLE_SHIFT:
        return ""
    return (
        f"The median treatment is at {words.times(typical)} of its performance in A. A shift that all treatments share "
        "is as likely the machine's as the change's: measure A again."
    )


def advice(found: CampaignComparison) -> str:
    """Say how to get trials enough when many treatments are undecided for the lack of them; else nothing."""
    short = found.short_of_trials
    if not short or len(short) < _MANY * len(found.rows):
        return ""
    share = f"{len(short)} of {words.plural(len(found.rows), 'treatment')}"
    lack = f"{share} undecided with fewer than {ENOUGH_TRIALS} trials on a side"
    if found.all_rounds:
        return f"{lack}: give both campaigns more, with a larger --budget (and --rounds)."
    return (
        f"{lack}: a campaign stops measuring what its claims have decided. For campaigns that are to be compared there "
        "is `bench run --all-rounds`, which measures everything in every round until --budget or --rounds end."
    )


def gate_lines(gates: Sequence[Gate], failed: Sequence[GateFailure]) -> list[str]:
    """Say what the gates found; nothing without gates."""
    if not gates:
        return []
    outcome = "failed" if failed else "passed"
    named = words.listing([gate.text for gate in gates])
    return [f"Gate {named}: {outcome}.", *(f"    {f.treatment}: {f.reason}" for f in failed)]


def remarks(found: CampaignComparison) -> list[str]:
    """Return what a reader should know before the figures, each in a sentence."""
    return [text for text in (*found.remarks, shift(found), advice(found)) if text]


def table_head(beside: Sequence[Metric] = BESIDE) -> tuple[str, ...]:
    return ("", "treatment", "metric", "A", "B", "B / A", "trials", *(metric.short_label for metric in beside))


def table_row(row: TreatmentChange, beside: Sequence[Metric] = BESIDE) -> tuple[str, ...]:
    """Return a treatment as cells below `table_head`; `beside` are the figures to list beside its own metric."""
    own, others = row.primary, {ratio.metric: _ratio_text(ratio) for ratio in row.beside}
    return (
        f"{_SIGNS[row.change]} {row.change.value}",
        row.treatment,
        own.metric.short_label,
        words.metric_value(own.metric, own.before),
        words.metric_value(own.metric, own.after),
        _ratio_text(own),
        _trials_text(own),
        *(others.get(metric, words.NOT_MEASURED) for metric in beside),
    )


def _ratio_text(found: MetricRatio) -> str:
    is_unknown = found.interval == Interval(0.0, inf) and min(found.n_before, found.n_after) < ENOUGH_TRIALS
    return f"{words.times(found.ratio)} ({words.TOO_FEW if is_unknown else words.span(found.interval)})"


def _trials_text(found: MetricRatio) -> str:
    return f"{found.n_before} / {found.n_after}"


CLAIMS_HEAD = ("claim", "A", "B", "")


def claim_row(pair: ClaimPair) -> tuple[str, ...]:
    return pair.claim.id, verdict_text(pair.original), verdict_text(pair.again), _claim_change(pair)


def _claim_change(pair: ClaimPair) -> str:
    """Say whether a claim's verdict is another one now, and whether that is a finding or only another certainty."""
    if pair.outcome is Outcome.NOT_REPRODUCED:
        return "turned round"
    if pair.original is pair.again:
        return ""
    return "open now" if pair.original in DECIDED else "changed"


def as_markdown(found: CampaignComparison, gates: Sequence[Gate] = (), failed: Sequence[GateFailure] = ()) -> str:
    return "\n".join(_markdown_parts(found, gates, failed))


def _markdown_parts(found: CampaignComparison, gates: Sequence[Gate], failed: Sequence[GateFailure]) -> Iterator[str]:
    yield f"### {markdown.cell(headline(found))}\n"
    if found.warning:
        yield f"**{markdown.cell(found.warning)}**\n"
    for line in (*remarks(found), *gate_lines(gates, failed)):
        yield f"{markdown.line(line)}\n"
    yield markdown.table(table_head(), [_with_direction(row) for row in found.rows])
    yield method(found) + "\n"
    if found.missing:
        yield "#### Not compared\n"
        yield "".join(f"- {markdown.line(f'{m.treatment}: {m.reason}')}\n" for m in found.missing)
    yield "#### Claims\n"
    yield markdown.table(
        CLAIMS_HEAD, [(f"{p.claim.id} {p.claim.slug}", *claim_row(p)[1:]) for p in found.verdicts.claims]
    )
    yield "<details><summary>What differs between the environments</summary>\n"
    yield difference_table(found.differences, ("A", "B"))
    yield "</details>"
    if found.warning:
        yield f"\n**{markdown.cell(found.warning)}**"


def _with_direction(row: TreatmentChange) -> tuple[str, ...]:
    sign, treatment, metric, *values = table_row(row)
    better = "more is better" if is_higher_better(row.primary.metric) else "less is better"
    return sign, treatment, f"{metric}, {better}", *values


def as_json(found: CampaignComparison, gates: Sequence[Gate], failed: Sequence[GateFailure]) -> dict[str, Any]:
    """Return the comparison as JSON; an open end of an interval is null."""
    return {
        "a": found.a,
        "b": found.b,
        "warning": found.warning or None,
        "remarks": list(found.remarks),
        "advice": advice(found) or None,
        "margin": found.margin,
        "alpha": found.alpha,
        "treatments": [_row_json(row) for row in found.rows],
        "not_compared": [{"treatment": m.treatment, "reason": m.reason, "lost": m.is_lost} for m in found.missing],
        "claims": [claim_json(p) for p in found.verdicts.claims],
        "differences": [difference_json(d) for d in found.differences],
        "gates": [g.text for g in gates],
        "failures": [{"treatment": f.treatment, "reason": f.reason} for f in failed],
    }


def _row_json(row: TreatmentChange) -> Mapping[str, Any]:
    return {
        "treatment": row.treatment,
        "change": row.change.value,
        **_ratio_json(row.primary),
        "beside": [_ratio_json(r) for r in row.beside],
    }


def _ratio_json(found: MetricRatio) -> Mapping[str, Any]:
    return {
        "metric": found.metric.name,
        "a": found.before,
        "b": found.after,
        "trials": [found.n_before, found.n_after],
        "ratio": found.ratio,
        "low": found.low,
        "high": None if found.high == inf else found.high,
        "level": 1 - found.alpha,
    }


def as_junit(found: CampaignComparison, gates: Sequence[Gate], failed: Sequence[GateFailure]) -> str:
    """Return the comparison as JUnit XML: a test a treatment, failed where a gate stopped it.

    Without a gate nothing fails: the file agrees with the exit code.
    """
    reasons: dict[str, list[str]] = {}
    for failure in failed:
        reasons.setdefault(failure.treatment, []).append(failure.reason)
    title = f"bench compare {found.a} {found.b}"
    cases = [*_compared(found, reasons), *_not_compared(found, reasons)]
    return junit.junit(f"{found.mark}: {title}" if found.mark else title, cases, _properties(found, gates))


def _properties(found: CampaignComparison, gates: Sequence[Gate]) -> Mapping[str, str]:
    return {
        "warning": found.warning,
        "remarks": " ".join(found.remarks),
        "advice": advice(found),
        "method": method(found),
        "gates": ", ".join(g.text for g in gates),
    }


def _compared(found: CampaignComparison, reasons: Mapping[str, Sequence[str]]) -> Iterator[junit.Case]:
    for row in found.rows:
        failures, said = reasons.get(row.treatment, ()), _row_line(row, found.warning)
        yield junit.Case(kind="treatment", name=row.treatment, said=said, failures=failures)


def _not_compared(found: CampaignComparison, reasons: Mapping[str, Sequence[str]]) -> Iterator[junit.Case]:
    for missing in found.missing:
        failures, reason = reasons.get(missing.treatment, ()), missing.reason
        yield junit.Case(kind="treatment", name=missing.treatment, failures=failures, skipped=reason)


def _row_line(row: TreatmentChange, warning: str) -> str:
    own = row.primary
    line = f"{row.change.value}: {own.metric.label} {_ratio_text(own)}, trials {_trials_text(own)}"
    return f"{warning}\n{line}" if warning else line
