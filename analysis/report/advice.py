"""Which style to use, in words that follow from the verdicts: the first thing a reader of the report sees.

Each row of ADVICE rests on one claim: a campaign that refutes it gives the other advice, and one that could not decide
it says so. A row whose claim the campaign did not ask is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from analysis.reading import sentences
from analysis.reading.campaign import Campaign
from analysis.report.numbers import numbers_of
from analysis.stats.results import ClaimResult, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to use, and why; {0.ratio} in the reason is the claim's first comparison, {1.ratio} its second."""

    use: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do in one situation: `supported` or `refuted`, by the verdict of `claim`; `also` are read beside it."""

    when: str
    claim: str
    supported: Choice
    refuted: Choice
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimMark:
    """A claim that an advice rests on, with the sign of its verdict."""

    id: str
    sign: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceView:
    """A row of the answer; `use` is empty where the campaign did not decide."""

    when: str
    use: str
    why: str
    claims: tuple[ClaimMark, ...]


ADVICE = (
    Advice(
        when="Your handler waits, and can await its library",
        claim="A8",
        also=("A7",),
        supported=Choice(use="async def with await", why="{0.ratio} the goodput of plain def at 80 users"),
        refuted=Choice(use="async def or plain def", why="only {0.ratio} the goodput of plain def at 80 users"),
    ),
    Advice(
        when="It waits, and the library blocks",
        claim="A1",
        also=("A2", "A13", "A17"),
        supported=Choice(use="plain def", why="blocking in async def has {0.ratio} its goodput"),
        refuted=Choice(use="plain def or async def", why="blocking in async def has {0.ratio} its goodput"),
    ),
    Advice(
        when="It must be async def, and one call blocks",
        claim="A19",
        also=("A14",),
        supported=Choice(use="await run_in_threadpool(…)", why="{0.ratio} the goodput of plain def"),
        refuted=Choice(use="plain def", why="run_in_threadpool has {0.ratio} the goodput of plain def"),
    ),
    Advice(
        when="It calls another service over HTTP",
        claim="A11",
        also=("A11b", "A12"),
        supported=Choice(use="async def, one shared client", why="httpx has {0.ratio} the goodput of a sync session"),
        refuted=Choice(use="plain def, or a client you timed", why="awaited httpx has {0.ratio} of a sync session"),
    ),
    Advice(
        when="It asks a database",
        claim="A18",
        also=("A18b", "A18c"),
        supported=Choice(use="async driver or plain def", why="with equal pools {0.ratio} the goodput of plain def"),
        refuted=Choice(use="plain def", why="an async driver has {0.ratio} the goodput of plain def"),
    ),
    Advice(
        when="It computes for long",
        claim="A16",
        also=("A15",),
        supported=Choice(use="a process pool", why="{0.ratio} the goodput of one core"),
        refuted=Choice(use="plain def", why="a process pool has only {0.ratio} the goodput of one core"),
    ),
)

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
    """Return the answer row by row: one for every situation whose claim was asked; none of a smoke run."""
    return () if campaign.is_smoke else tuple(_rows(campaign))


def _rows(campaign: Campaign) -> Iterator[AdviceView]:
    results = {result.claim.id: result for result in campaign.results}
    for row in ADVICE:
        if row.claim in results:
            use, why = _chosen(campaign, row, results[row.claim])
            yield AdviceView(when=row.when, use=use, why=why, claims=tuple(_marks(row, results)))


def _chosen(campaign: Campaign, row: Advice, result: ClaimResult) -> tuple[str, str]:
    chosen = {Verdict.SUPPORTED: row.supported, Verdict.REFUTED: row.refuted}.get(result.verdict)
    if chosen is None:
        return "", f"not decided here: {sentences.VERDICT_WORDS[result.verdict].lower()}"
    return chosen.use, chosen.why.format(*(numbers_of(campaign, compared) for compared in result.comparisons))


def _marks(row: Advice, results: Mapping[str, ClaimResult]) -> Iterator[ClaimMark]:
    for name in (row.claim, *row.also):
        if name in results:
            verdict = results[name].verdict
            yield ClaimMark(id=name, sign=sentences.VERDICT_SIGNS[verdict], word=sentences.VERDICT_WORDS[verdict])
