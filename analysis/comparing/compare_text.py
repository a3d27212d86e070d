"""A comparison of two campaigns in words, as Markdown for a pull request, as JUnit XML and as JSON.

Each of them says so when the comparison was forced.
"""

from __future__ import annotations

import re
from math import inf
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from analysis.comparing.compare import BESIDE, ENOUGH_TRIALS, Change, is_higher_better
from analysis.comparing.gate import GateKind
from analysis.comparing.reproduction import DECIDED, Outcome, claim_json, difference_json
from analysis.comparing.reproduction_text import difference_table, verdict_text
from analysis.wording import markdown, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from analysis.comparing.compare import CampaignComparison, Compared
    from analysis.comparing.gate import Gate, GateFailure
    from analysis.comparing.reproduction import ClaimPair
    from analysis.stats.independent import MetricRatio
    from experiment.design.metrics import Metric

_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
"""What XML 1.0 cannot hold, not even escaped: a name that carries it must not spoil the file."""

_SIGNS = {Change.BETTER: "+", Change.WORSE: "!", Change.SAME: "=", Change.UNDECIDED: "?"}
_NO_NOTICEABLE_SHIFT = 0.02
_MANY = 0.25  # of all treatments


def headline(found: CampaignComparison) -> str:
    """Return the result in one sentence: `B against A: of 12 treatments 1 is worse, 9 same, 2 undecided`."""
    order = (Change.WORSE, Change.BETTER, Change.SAME, Change.UNDECIDED)
    counts = words.listing([f"{found.count(c)} {c.value}" for c in order if found.count(c)])
    if not counts:
        return f"{found.b} (B) against {found.a} (A): no treatment could be compared"
    return f"{found.b} (B) against {found.a} (A), {words.plural(len(found.rows), 'treatment')}: {counts}"


def method(found: CampaignComparison) -> str:
    """Say how the intervals were made, and what they do not hold."""
    share, m = f"{found.margin * 100:g} %", len(found.rows)
    return (
        f"B / A of geometric means over valid trials, with Welch intervals on logarithms at "
        f"{100 * (1 - found.alpha):g} % for all {words.plural(m, 'treatment')} together (Bonferroni). "
        f"Same: the interval lies within ±{share}. Better and worse: it does not reach 1. "
        "The intervals hold the scatter of trials, not what the machine itself did between A and B."
    )


def shift(found: CampaignComparison) -> str:
    """Point out that nearly everything moved together, which is rather the machine than the change; else nothing."""
    typical = found.typical
    if typical is None or abs(typical - 1) < _NO_NOTICEABLE_SHIFT:
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
    named = words.listing([gate_text(gate) for gate in gates])
    if not failed:
        return [f"Gate {named}: passed."]
    return [f"Gate {named}: failed.", *(f"    {f.treatment}: {f.reason}" for f in failed)]


def gate_text(gate: Gate) -> str:
    """Return a gate as it was given."""
    return f"worse:{gate.limit * 100:g}%" if gate.kind is GateKind.WORSE else gate.kind.value


def ratio_text(found: MetricRatio) -> str:
    """Return a ratio with its interval: `0.80x (0.77 to 0.83)`."""
    return f"{words.times(found.ratio)} ({words.span(found.interval)})"


def trials_text(found: MetricRatio) -> str:
    """Return the number of valid trials on both sides: `4 / 5`."""
    return f"{found.n_before} / {found.n_after}"


def value_texts(found: MetricRatio) -> tuple[str, str]:
    """Return both sides' values with their unit."""
    return words.metric_value(found.metric, found.before), words.metric_value(found.metric, found.after)


def better_text(metric: Metric) -> str:
    """Say which direction is the better one."""
    return "more is better" if is_higher_better(metric) else "less is better"


def beside_texts(row: Compared) -> dict[Metric, str]:
    """Return the figures beside a treatment's own, by metric."""
    return {r.metric: ratio_text(r) for r in row.beside}


def sign(change: Change) -> str:
    """Return a sign that says it without colour."""
    return _SIGNS[change]


def as_markdown(found: CampaignComparison, gates: Sequence[Gate] = (), failed: Sequence[GateFailure] = ()) -> str:
    """Return the comparison as Markdown for a pull request."""
    return "\n".join(_markdown_parts(found, gates, failed))


def _markdown_parts(found: CampaignComparison, gates: Sequence[Gate], failed: Sequence[GateFailure]) -> Iterator[str]:
    yield f"### {markdown.cell(headline(found))}\n"
    if found.warning:
        yield f"**{markdown.cell(found.warning)}**\n"
    for text in (*found.remarks, shift(found), advice(found)):
        if text:
            yield f"{markdown.cell(text)}\n"
    for line in gate_lines(gates, failed):
        yield f"{markdown.cell(line)}\n"
    yield _rows_table(found)
    yield method(found) + "\n"
    yield from _not_compared(found)
    yield "#### Claims\n"
    yield claims_table(found)
    yield "<details><summary>What differs between the environments</summary>\n"
    yield difference_table(found.differences, ("A", "B"))
    yield "</details>"
    if found.warning:
        yield f"\n**{markdown.cell(found.warning)}**"


def _rows_table(found: CampaignComparison) -> str:
    head = ("", "treatment", "metric", "A", "B", "B / A", "trials", *(m.short_label for m in BESIDE))
    rows = []
    for row in found.rows:
        beside = beside_texts(row)
        rows.append(
            (
                f"{sign(row.change)} {row.change.value}",
                row.treatment,
                f"{row.primary.metric.short_label}, {better_text(row.primary.metric)}",
                *value_texts(row.primary),
                ratio_text(row.primary),
                trials_text(row.primary),
                *(beside.get(m, words.NOT_MEASURED) for m in BESIDE),
            )
        )
    return markdown.table(head, rows)


def _not_compared(found: CampaignComparison) -> Iterator[str]:
    if found.missing:
        yield "#### Not compared\n"
        yield "".join(f"- {markdown.cell(f'{m.treatment}: {m.reason}')}\n" for m in found.missing)


def claims_table(found: CampaignComparison) -> str:
    """Return the claims with their verdicts in A and B as Markdown."""
    rows = [
        (f"{p.claim.id} {p.claim.slug}", verdict_text(p.original), verdict_text(p.again), claim_change(p))
        for p in found.verdicts.claims
    ]
    return markdown.table(("claim", "A", "B", ""), rows)


def claim_change(pair: ClaimPair) -> str:
    """Say whether a claim's verdict is another one now, and whether that is a finding or only another certainty."""
    if pair.outcome is Outcome.NOT_REPRODUCED:
        return "turned round"
    if pair.original is pair.again:
        return ""
    return "open now" if pair.original in DECIDED else "changed"


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
        "gates": [gate_text(g) for g in gates],
        "failures": [{"treatment": f.treatment, "reason": f.reason} for f in failed],
    }


def _row_json(row: Compared) -> Mapping[str, Any]:
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
    skipped = [m for m in found.missing if m.treatment not in reasons]
    counts = {"tests": str(len(found.rows) + len(found.missing)), "failures": str(len(reasons)), "errors": "0"}
    root = ET.Element("testsuites", counts)
    title = f"{'FORCED: ' if found.warning else ''}bench compare {found.a} {found.b}"
    suite = ET.SubElement(root, "testsuite", {"name": _xml(title), **counts, "skipped": str(len(skipped))})
    _properties(suite, found, gates)
    for row in found.rows:
        case = _case(suite, row.treatment, reasons)
        ET.SubElement(case, "system-out").text = _xml(_row_line(row, found.warning))
    for missing in found.missing:
        case = _case(suite, missing.treatment, reasons)
        if missing in skipped:
            ET.SubElement(case, "skipped", {"message": _xml(missing.reason)})
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _properties(suite: ET.Element, found: CampaignComparison, gates: Sequence[Gate]) -> None:
    properties = ET.SubElement(suite, "properties")
    told = {
        "warning": found.warning,
        "remarks": " ".join(found.remarks),
        "advice": advice(found),
        "method": method(found),
        "gates": ", ".join(gate_text(g) for g in gates),
    }
    for name, value in told.items():
        if value:
            ET.SubElement(properties, "property", {"name": name, "value": _xml(value)})


def _case(suite: ET.Element, treatment: str, reasons: Mapping[str, Sequence[str]]) -> ET.Element:
    case = ET.SubElement(suite, "testcase", {"classname": "treatment", "name": _xml(treatment)})
    if treatment in reasons:
        ET.SubElement(case, "failure", {"message": _xml("; ".join(reasons[treatment]))})
    return case


def _row_line(row: Compared, warning: str) -> str:
    line = (
        f"{row.change.value}: {row.primary.metric.label} {ratio_text(row.primary)}, trials {trials_text(row.primary)}"
    )
    return f"{warning}\n{line}" if warning else line


def _xml(text: str) -> str:
    """Drop what XML cannot hold at all; the rest ElementTree escapes."""
    return _UNPRINTABLE.sub("", text)
