"""Campaigns side by side, as Markdown: which claim was decided how in each.

Run `python -m benchmarks.campaign_list DIR...`. results/reference/README.md is made of it, and that of
results/reference-folklore likewise: every campaign that was run for a release stands there, not only the one that
became the reference. The last line names the claims that were decided
in two ways.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from analysis.reading.campaign import Campaign, load_campaign
from analysis.reading.sentences import VERDICT_WORDS
from analysis.stats.results import ClaimResult, Verdict
from benchmarks.talk import say
from experiment.errors import BenchError

_NOT_ASKED = (Verdict.NOT_MEASURABLE, Verdict.SKIPPED)


def listing(campaigns: Sequence[Campaign]) -> str:
    """Return the two tables and the last line."""
    return "\n".join([*_facts(campaigns), "", *_verdicts(campaigns), "", _two_ways(campaigns)])


def _facts(campaigns: Sequence[Campaign]) -> Iterator[str]:
    yield "| | campaign | seed | commit | measured for | trials | valid | claims decided | ended by |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for number, campaign in enumerate(campaigns, 1):
        manifest = campaign.manifest
        decided = [r for r in asked(campaign) if r.verdict.is_decided]
        yield (
            f"| {number} | {campaign.name} | {manifest.seed} | {(manifest.git.commit or '')[:7]} | "
            f"{_lasted(campaign)} | {len(campaign.trials)} | {sum(t.is_valid for t in campaign.trials)} | "
            f"{len(decided)} of {len(asked(campaign))} | {manifest.stopped_because} |"
        )


def _lasted(campaign: Campaign) -> str:
    began, ended = campaign.manifest.started_at, campaign.manifest.finished_at
    if began is None or ended is None:
        return ""
    return f"{(datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds():.0f} s"


def _verdicts(campaigns: Sequence[Campaign]) -> Iterator[str]:
    yield "| claim |" + "".join(f" {number} |" for number in range(1, len(campaigns) + 1))
    yield "|---|" + "---|" * len(campaigns)
    for claim, verdicts in by_claim(campaigns).items():
        cells = (VERDICT_WORDS[v].lower() if v is not None else "" for v in verdicts)
        yield f"| {claim} |" + "".join(f" {cell} |" for cell in cells)


def _two_ways(campaigns: Sequence[Campaign]) -> str:
    found = [
        claim for claim, verdicts in by_claim(campaigns).items() if {*verdicts} >= {Verdict.SUPPORTED, Verdict.REFUTED}
    ]
    return f"Decided in two ways: {', '.join(found) or 'none'}."


def asked(campaign: Campaign) -> list[ClaimResult]:
    """Return the claims that load could decide on this machine."""
    return [r for r in campaign.results if r.verdict not in _NOT_ASKED]


def by_claim(campaigns: Sequence[Campaign]) -> dict[str, list[Verdict | None]]:
    """Return each claim's verdicts, one for each campaign; None where it was not asked."""
    found: defaultdict[str, list[Verdict | None]] = defaultdict(lambda: [None] * len(campaigns))
    for place, campaign in enumerate(campaigns):
        for result in asked(campaign):
            found[result.claim.id][place] = result.verdict
    return dict(found)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.campaign_list")
    parser.add_argument("dirs", type=Path, nargs="+", metavar="DIR", help="folders of campaigns, in the order measured")
    folders = parser.parse_args().dirs
    try:
        say(listing([load_campaign(folder) for folder in folders]))
    except BenchError as error:
        parser.exit(2, f"{error}\n")


if __name__ == "__main__":
    main()
