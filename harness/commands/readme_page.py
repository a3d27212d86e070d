"""README.md: written by hand, but for the blocks in it that say what the reference campaign found."""

from collections.abc import Callable, Mapping

from analysis.reading.campaign import Campaign
from analysis.reading.sentences import tally
from analysis.report.report import verdict_table_markdown
from analysis.report.style_advice import fates_markdown, style_advice_markdown
from harness.commands.marked import filled

README = "README.md"


def _verdicts(campaign: Campaign) -> str:
    """Return the table of claims, folded. `markdown` has the site's builder read what is folded; GitHub ignores it."""
    summary = f"<summary>{tally(campaign)}: show the table</summary>"
    return f'<details markdown="1">\n{summary}\n\n{verdict_table_markdown(campaign).strip()}\n\n</details>'


BLOCKS: Mapping[str, Callable[[Campaign], str]] = {
    "styles": style_advice_markdown,
    "fates": fates_markdown,
    "verdicts": _verdicts,
}


def readme_page(page: str, campaign: Campaign) -> str:
    """Return the README with its blocks made from a campaign; raises UsageError when a block's markers are missing."""
    for name, make in BLOCKS.items():
        page = filled(page, name, make(campaign).rstrip(), where=README)
    return page
