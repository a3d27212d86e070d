"""docs/answers.md: the questions people ask in interviews, answered with a campaign's own numbers.

Every sentence about a claim is chosen by its verdict, so that a campaign which refutes a claim changes the text, and
one that could not decide it says so. What is not measured is not said.
"""

from collections.abc import Iterator

from analysis.reading.campaign import Campaign
from analysis.reading.facts import extremes, machine, measured_rows, phrase
from analysis.reading.sentences import VERDICT_WORDS
from analysis.reading.summary import main_load, works
from analysis.report.numbers import numbers_of
from analysis.report.question_texts import QUESTIONS, STYLE_FRAME, STYLE_QUESTION, Question, Saying
from analysis.stats.results import ClaimResult, Verdict
from analysis.wording import markdown, words
from bench_app.works import Work
from experiment.design.metrics import GOODPUT

ANSWERS_COMMAND = "bench answers"
_UNDECIDED = {
    Verdict.INCONCLUSIVE: "This campaign could not decide whether {topic}.",
    Verdict.INVALID: "This campaign has no valid answer to whether {topic}.",
    Verdict.SKIPPED: "Whether {topic} was skipped on this machine.",
    Verdict.NOT_MEASURABLE: "Whether {topic} cannot be measured by load.",
}
_SMOKE = "**Smoke run: not evidence.** Its windows are too short; the figures below only show that the page is made.\n"


def answers_markdown(campaign: Campaign) -> str:
    """Return the page; the same campaign gives the same text."""
    results = {result.claim.id: result for result in campaign.results}
    parts = [_head(campaign)]
    parts += [_question(campaign, question, results) for question in QUESTIONS]
    parts.append(_styles(campaign))
    return "\n".join(part for part in parts if part)


def _head(campaign: Campaign) -> str:
    smoke = f"\n{_SMOKE}" if campaign.is_smoke else ""
    python = campaign.manifest.host.python
    place = markdown.cell(", ".join([machine(campaign), *([f"Python {python}"] if python else [])]))
    command = markdown.code(f"{ANSWERS_COMMAND} {campaign.short_path}")
    return (
        "# Questions, answered with numbers\n\n"
        f"Made from campaign {markdown.code(campaign.name)} ({place}) by {command}; not written by "
        "hand, so do not edit it. Each sentence follows the verdict of the claim behind it: another campaign may well "
        "say something else.\n"
        f"{smoke}"
    )


def _question(campaign: Campaign, question: Question, results: dict[str, ClaimResult]) -> str:
    """Return a chapter, or nothing where the campaign asked none of its claims."""
    said = [_item(campaign, saying, results[saying.claim]) for saying in question.sayings if saying.claim in results]
    if not said:
        return ""
    return f"## {question.heading}\n\n{question.frame}\n\n" + "\n".join(said) + "\n"


def _item(campaign: Campaign, saying: Saying, result: ClaimResult) -> str:
    return f"- {_sentence(campaign, saying, result)} {_evidence(campaign, result)}"


def _sentence(campaign: Campaign, saying: Saying, result: ClaimResult) -> str:
    if result.verdict in _UNDECIDED:
        return _UNDECIDED[result.verdict].format(topic=saying.topic)
    template = saying.supported if result.verdict is Verdict.SUPPORTED else saying.refuted
    return template.format(*(numbers_of(campaign, c) for c in result.comparisons))


def _evidence(campaign: Campaign, result: ClaimResult) -> str:
    """Return the claim with a link, its verdict and every interval it rests on."""
    claim = result.claim
    link = markdown.link(claim.id, f"../{campaign.short_path}/report.md")
    shown = [link, VERDICT_WORDS[result.verdict].lower(), *_intervals(result)]
    return f"({', '.join(shown)})"


def _intervals(result: ClaimResult) -> Iterator[str]:
    for judged in result.comparisons:
        if judged.estimate.effect is not None and judged.comparison.is_ratio:
            found = judged.estimate
            yield f"{words.times(found.effect or 0)} [{words.span(found.interval)}], n = {found.n}"


def _styles(campaign: Campaign) -> str:
    """Return the table of the best and the worst style for each work, or nothing without two to compare."""
    rows = [row for work in works(campaign) if (row := _style_row(campaign, work)) is not None]
    if not rows:
        return ""
    table = markdown.table(("work", "load", "most goodput", "least goodput"), rows)
    return f"## {STYLE_QUESTION}\n\n{STYLE_FRAME}\n\n{table}"


def _style_row(campaign: Campaign, work: Work) -> tuple[str, ...] | None:
    load = main_load(campaign, work)
    found = extremes(measured_rows(campaign, work, load, GOODPUT)) if load else None
    if load is None or found is None:
        return None
    start = (work.heading, words.load(campaign.loads[load]))
    if found.are_same:
        return (*start, f"all about the same, {words.rate(found.highest.value.median)}", "")
    return (*start, *(f"{phrase(m)}: {words.rate(m.value.median)}" for m in (found.highest, found.lowest)))
