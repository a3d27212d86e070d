"""docs/claims.md, docs/claims/ and docs/folklore.md: what the table of claims and the committed campaigns say."""

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatch
from functools import cache, partial
from pathlib import Path

from analysis.reading.campaign import Campaign, load_campaign
from analysis.report.claim_page import Measured, came_out, claim_page, ended, sentence
from analysis.report.folklore_page import folklore_page
from experiment.design.claims import CLAIMS
from experiment.design.profiles import FOLKLORE_CLAIMS
from harness.system.places import FOLKLORE_REFERENCE, HOME, REFERENCE

FOLDER, INDEX, FOLKLORE = "docs/claims", "docs/claims.md", "docs/folklore.md"
BENCH = ".venv/bin/bench"
Found = Mapping[str, Measured]


def shipped() -> Found:
    """Return what the campaigns of this repository found about each claim that they measured."""
    return found_in([_loaded(path) for path in (REFERENCE, FOLKLORE_REFERENCE) if path.is_dir()])


@cache
def _loaded(path: Path) -> Campaign:
    return load_campaign(path)


def found_in(campaigns: Iterable[Campaign]) -> Found:
    """Return the results of several campaigns by claim; the first that measured a claim counts."""
    found: dict[str, Measured] = {}
    for campaign in campaigns:
        charts = kept_charts(campaign.folder.path)
        for result in campaign.results:
            found.setdefault(result.claim.id, Measured(campaign=campaign, result=result, charts=charts))
    return found


def kept_charts(folder: Path) -> frozenset[str]:
    """Return the names of a campaign's charts that the repository keeps, whatever else was drawn there since."""
    lines = (HOME / ".gitignore").read_text(encoding="utf-8").splitlines() if (HOME / ".gitignore").is_file() else []
    patterns = [line.removeprefix("!") for line in lines if line.startswith(f"!results/{folder.name}/charts/")]
    drawn = (f"results/{folder.name}/charts/{path.name}" for path in folder.glob("charts/*.svg"))
    return frozenset(Path(name).stem for name in drawn if any(fnmatch(name, pattern) for pattern in patterns))


def claim_docs(found: Callable[[], Found], *, made_by: str) -> dict[str, Callable[[], str]]:
    """Return what makes each page, by its path; `found` is called when a page is made."""
    pages: dict[str, Callable[[], str]] = {
        INDEX: lambda: _index(found(), made_by),
        FOLKLORE: lambda: folklore_page(
            [CLAIMS[name] for name in sorted(FOLKLORE_CLAIMS, key=_number)], found(), made_by=made_by, bench=BENCH
        ),
    }
    return pages | {f"{FOLDER}/{name}.md": partial(_page, name, found, made_by) for name in CLAIMS}


def _number(claim: str) -> tuple[int, str]:
    digits = re.sub(r"\D", "", claim)
    return int(digits or 0), claim


def _page(name: str, found: Callable[[], Found], made_by: str) -> str:
    return claim_page(CLAIMS[name], found().get(name), made_by=made_by, bench=BENCH)


def _index(found: Found, made_by: str) -> str:
    head = (
        "# Claims\n\n"
        f"Made from the table of claims in `experiment/design/` by `{made_by}`; do not edit it.\n\n"
        "A claim is supported when every comparison lies inside what is expected, and refuted when one lies outside.\n"
        "What stands beside a claim is estimated and shown, and never judged. Each claim has a page with its source,\n"
        "its mechanism, what was registered, what would refute it, and what came out. A: an article. B:\n"
        "[what is said elsewhere](folklore.md).\n"
    )
    parts = [
        f"## {claim.id} {claim.slug}\n\n{ended(claim.statement)}\n\n"
        f"{sentence(came_out(found.get(claim.id)))} [All about {claim.id}](claims/{claim.id}.md)\n"
        for claim in CLAIMS.values()
    ]
    return "\n".join([head, *parts])
