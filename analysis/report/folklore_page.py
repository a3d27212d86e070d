"""The folklore of FastAPI performance as one table: what is said, where, and what came out."""

from collections import Counter
from collections.abc import Mapping, Sequence

from analysis.reading.facts import machine
from analysis.report.claim_page import NOT_MEASURED, Measured, came_out, loads_of
from analysis.wording import markdown, words
from experiment.design.model import Claim

_HEAD = (
    "# The folklore, judged\n\n"
    "What talks, docs and issues say about the speed of FastAPI apps, and what came out here. A claim is judged as it\n"
    "is told, with its own figure where it has one. Its limit was written down before it was tried, and never moved;\n"
    "what else was changed after a first try stands in the [changelog](../CHANGELOG.md), under «Methodology». Each\n"
    "link leads to the claim's page: its source, its mechanism, what would refute it, and its numbers.\n"
)


def folklore_page(claims: Sequence[Claim], measured: Mapping[str, Measured], *, made_by: str, bench: str) -> str:
    """Return the page; `measured` has what committed campaigns found, by claim."""
    head = ("claim", "what is said, and where", "load", "what came out")
    rows = [_row(claim, measured.get(claim.id)) for claim in claims]
    parts = (
        _HEAD,
        f"{_tally(claims, measured)}\n",
        markdown.table(head, rows),
        f"To measure all of it: `{bench} run --profile folklore`, at most 45 minutes. One claim: `{bench} claim ID`.\n",
        f"Made by `{made_by}`; do not edit it.\n",
    )
    return "\n".join(parts)


def _row(claim: Claim, measured: Measured | None) -> tuple[str, ...]:
    link = markdown.link(claim.id, f"claims/{claim.id}.md")
    return (
        markdown.Markdown(f"{link} {markdown.cell(claim.statement)}"),
        claim.source,
        loads_of(claim),
        came_out(measured),
    )


def _tally(claims: Sequence[Claim], measured: Mapping[str, Measured]) -> str:
    """Say how many claims came out how, and where they were measured."""
    mine = [measured[claim.id] for claim in claims if claim.id in measured]
    if not mine:
        return "None of it has been measured by a campaign that is committed here."
    counts = Counter(each.verdict for each in mine)
    missing = len(claims) - len(mine)
    parts = [f"{count} {verdict}" for verdict, count in counts.most_common()]
    parts += [f"{missing} {NOT_MEASURED}"] if missing else []
    places = {
        each.folder: f"[{each.campaign.name}](../{each.folder}/report.md) on {machine(each.campaign)}" for each in mine
    }
    return f"Of {words.plural(len(claims), 'claim')}: {words.listing(parts)}. Measured in {'; '.join(places.values())}."
