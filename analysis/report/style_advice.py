"""Which style for which work, for README and report, and what became of two claims of the article, for README.

Every word is chosen by the verdict of the claim behind it. What no verdict decides is not stated. Texts are Markdown.
To advise on another kind of handler, add a row to ADVICE.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from analysis.reading.campaign import Campaign
from analysis.reading.facts import machine
from analysis.report.numbers import numbers_of
from analysis.stats.results import ClaimResult, Verdict
from analysis.wording import markdown, words

_CLAIMS_PAGE = "docs/claims.md"
_OPEN = "not decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one claim adds to a cell or a paragraph, by its verdict; an empty text adds nothing.

    Placeholders: {0.treated} and {0.base} are the sides of the claim's first comparison, {1.…} those of the second.
    """

    claim: str
    supported: str = ""
    refuted: str = ""
    undecided: str = ""

    def said(self, campaign: Campaign, result: ClaimResult) -> str:
        """Return the text for a verdict, with its numbers."""
        by_verdict = {Verdict.SUPPORTED: self.supported, Verdict.REFUTED: self.refuted}
        text = by_verdict.get(result.verdict, self.undecided)
        return text.format(*(numbers_of(campaign, c) for c in result.comparisons))


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """A kind of handler: the style to use, what it gives, and what to avoid. The first claim's load is the row's."""

    handler: str
    use: tuple[Part, ...]
    gives: tuple[Part, ...]
    avoid: tuple[Part, ...]

    @property
    def claims(self) -> tuple[str, ...]:
        """The claims the row rests on, each once."""
        return tuple(dict.fromkeys(part.claim for part in (*self.use, *self.gives, *self.avoid)))


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleAnswer:
    """A row of ADVICE as a campaign answers it. `handler` names the load; `use` is empty where nothing is decided."""

    handler: str
    use: str
    gives: str
    avoid: str
    asked: tuple[ClaimResult, ...]


ADVICE: tuple[Advice, ...] = (
    Advice(
        handler="waits, and the wait can be awaited",
        use=(Part(claim="A8", supported="`async def` with `await`", refuted="`async def` with `await`, or `def`"),),
        gives=(
            Part(
                claim="A8",
                supported="{0.treated}; {0.base} with `def`",
                refuted="{0.treated}; {0.base} with `def`",
                undecided="more than `def`? Not decided",
            ),
        ),
        avoid=(
            Part(
                claim="A1",
                supported="a blocking call in `async def`: {0.treated}",
                undecided="a blocking call in `async def`? Not decided",
            ),
        ),
    ),
    Advice(
        handler="calls a service over HTTP",
        use=(
            Part(claim="A13", supported="`def` with one shared `requests` session"),
            Part(claim="A11b", supported="`async def` with httpx2 or aiohttp"),
            Part(claim="A11", supported="`async def` with one shared httpx client"),
        ),
        gives=(
            Part(claim="A13", supported="{0.base} with the session"),
            Part(
                claim="A11b",
                supported="{0.treated} with httpx2, {1.treated} with aiohttp",
                refuted="httpx2 and aiohttp do not both keep up: {0.treated} and {1.treated}",
                undecided="httpx2 and aiohttp? Not decided",
            ),
            Part(claim="A11", supported="{0.treated} with httpx", undecided="shared httpx? Not decided"),
        ),
        avoid=(
            Part(claim="A13", supported="the session in `async def`: {0.treated}"),
            Part(claim="A11", refuted="one shared httpx client: {0.treated}"),
            Part(claim="A12", supported="a new client for each request"),
        ),
    ),
    Advice(
        handler="asks a database",
        use=(
            Part(claim="A18", supported="an async driver in `async def`"),
            Part(claim="A17", supported="a sync driver in `def`"),
        ),
        gives=(
            Part(
                claim="A18",
                supported="{0.treated} with asyncpg",
                refuted="async drivers do less: {0.treated} and {1.treated}",
                undecided="async drivers? Not decided",
            ),
            Part(claim="A17", supported="{0.base} with psycopg2 in `def`"),
        ),
        avoid=(
            Part(
                claim="A17",
                supported="a sync driver in `async def`: {0.treated}",
                undecided="a sync driver in `async def`? Not decided",
            ),
        ),
    ),
    Advice(
        handler="computes, on more than one core",
        use=(Part(claim="A16", supported="a process pool"),),
        gives=(
            Part(
                claim="A16",
                supported="{0.treated}; {0.base} on one core",
                refuted="a process pool brings little: {0.treated}; {0.base} on one core",
                undecided="does a process pool do more? Not decided",
            ),
        ),
        avoid=(Part(claim="A15", supported="threads for speed: the GIL lets one compute at a time"),),
    ),
    Advice(
        handler="parses an upload while others wait",
        use=(Part(claim="A14", supported="`run_in_threadpool`"),),
        gives=(
            Part(
                claim="A14",
                supported="others' p99: {0.treated}",
                refuted="with `run_in_threadpool` others' p99: {0.treated}; without: {0.base}",
                undecided="does `run_in_threadpool` help the others? Not decided",
            ),
        ),
        avoid=(Part(claim="A14", supported="parsing in `async def`: others' p99 {0.base}"),),
    ),
)

FATES: tuple[Part, ...] = (
    Part(
        claim="A10",
        supported="**A10 is supported here.** The async weather route does {0.treated}, the sync one {0.base}.",
        refuted="**A10 is refuted.** The route builds an HTTP client for each request, and that blocks the loop: "
        "{0.treated}, but {0.base} in the sync route.",
        undecided="**A10 is not decided** by this campaign.",
    ),
    Part(
        claim="A11",
        supported="**A11 is supported here.** One shared httpx client does {0.treated}, the sync route {0.base}.",
        refuted="**A11 is refuted.** At 80 users, httpx's pool looks at every connection for each request: "
        "{0.treated}, but {0.base} in the sync route.",
        undecided="**A11 is not decided** by this campaign.",
    ),
)
"""What became of the two claims that readers of the article ask about."""


def style_answers(campaign: Campaign) -> tuple[StyleAnswer, ...]:
    """Return an answer for every row whose first claim the campaign asked."""
    results = _results(campaign)
    return tuple(_answer(campaign, advice, results) for advice in ADVICE if advice.claims[0] in results)


def style_advice_markdown(campaign: Campaign) -> str:
    """Return the table of styles with the line that says where its figures are from; nothing without its claims."""
    rows = [_row(answer) for answer in style_answers(campaign)]
    if not rows:
        return ""
    table = markdown.table(("your handler …", "use", "it gives", "avoid", "claims"), rows)
    return f"{table}\n{_origin(campaign)}"


def fates_markdown(campaign: Campaign) -> str:
    """Return a list item for each claim of FATES that the campaign asked: how it came out, and why."""
    results = _results(campaign)
    said = [part.said(campaign, results[part.claim]) for part in FATES if part.claim in results]
    return "\n".join(f"- {text}" for text in said)


def _results(campaign: Campaign) -> Mapping[str, ClaimResult]:
    return {result.claim.id: result for result in campaign.results}


def _answer(campaign: Campaign, advice: Advice, results: Mapping[str, ClaimResult]) -> StyleAnswer:
    asked = tuple(results[name] for name in advice.claims if name in results)
    load = words.plural(campaign.loads[asked[0].claim.treatments[0].load].users, "user")
    return StyleAnswer(
        handler=f"{advice.handler} ({load})",
        use=" or ".join(_said(campaign, advice.use, results)),
        gives="; ".join(_said(campaign, advice.gives, results)),
        avoid="; ".join(_said(campaign, advice.avoid, results)),
        asked=asked,
    )


def _row(answer: StyleAnswer) -> tuple[markdown.Markdown, ...]:
    links = ", ".join(_link(result) for result in answer.asked)
    gives, avoid = (text or words.NOT_MEASURED for text in (answer.gives, answer.avoid))
    return tuple(map(markdown.Markdown, (answer.handler, answer.use or _OPEN, gives, avoid, links)))


def _said(campaign: Campaign, parts: Sequence[Part], results: Mapping[str, ClaimResult]) -> Iterator[str]:
    for part in parts:
        if part.claim in results and (text := part.said(campaign, results[part.claim])):
            yield text


def _link(result: ClaimResult) -> str:
    claim = result.claim
    return f"[{claim.id}]({_CLAIMS_PAGE}#{claim.id.lower()}-{claim.slug})"


def _origin(campaign: Campaign) -> str:
    smoke = " **A smoke run: not evidence.**" if campaign.is_smoke else ""
    return (
        f"Measured on {markdown.cell(machine(campaign))}, in campaign {markdown.code(campaign.name)}.{smoke} "
        "Figures are medians.\n"
        "rps: right answers a second. p99: what the slowest in a hundred waits. What no verdict decides is not stated."
    )
