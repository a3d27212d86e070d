"""The first thing a reader of the report sees: one line, and a row for each kind of handler.

The rows are those of style_advice.py, which README has as well; the line rests on claims that must all be supported.
"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.reading import sentences
from analysis.reading.campaign import Campaign
from analysis.report.style_advice import StyleAnswer, style_answers
from analysis.stats.results import ClaimResult, Verdict
from analysis.wording import words


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimMark:
    """A claim that an advice rests on, with the sign of its verdict."""

    id: str
    sign: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceView:
    """A row of the answer, in plain text; `use` is empty where the campaign did not decide."""

    when: str
    use: str
    gives: str
    avoid: str
    claims: tuple[ClaimMark, ...]


_HEADLINES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"A1", "A8"}), "Await in async def; where a library blocks, use plain def"),
    (frozenset({"A1"}), "Where a library blocks, use plain def, never async def"),
    (frozenset({"A8"}), "Await in async def: it serves more users than plain def"),
)
"""The claims that must all be supported, and what then follows; the first that fits is the headline."""


def headline(campaign: Campaign) -> str:
    """Return the answer in one line, or how the claims came out where no advice follows from them.

    A smoke run gives no advice.
    """
    supported = {result.claim.id for result in campaign.results if result.verdict is Verdict.SUPPORTED}
    fitting = (text for needed, text in _HEADLINES if needed <= supported and not campaign.is_smoke)
    return next(fitting, sentences.tally(campaign))


def advice(campaign: Campaign) -> tuple[AdviceView, ...]:
    """Return the answer row by row; none of a smoke run."""
    answers = () if campaign.is_smoke else style_answers(campaign)
    return tuple(_row(answer, "It" if number else "Your handler") for number, answer in enumerate(answers))


def _row(answer: StyleAnswer, subject: str) -> AdviceView:
    return AdviceView(
        when=f"{subject} {_plain(answer.handler)}",
        use=_plain(answer.use),
        gives=_plain(answer.gives) or words.NOT_MEASURED,
        avoid=_plain(answer.avoid),
        claims=tuple(map(_mark, answer.asked)),
    )


def _plain(text: str) -> str:
    """Return one of the table's texts without Markdown's signs for code."""
    return text.replace("`", "")


def _mark(result: ClaimResult) -> ClaimMark:
    signs, names = sentences.VERDICT_SIGNS, sentences.VERDICT_WORDS
    return ClaimMark(id=result.claim.id, sign=signs[result.verdict], word=names[result.verdict])
