"""Pages of docs that follow from tables and campaigns: `python -m harness.commands.generated_docs` writes them all.

To add one, add a row to PAGES; a test fails while a page is not what its row makes.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from analysis.own_app.gains_table import claims_table, gains_table
from analysis.own_app.reading import read_results
from analysis.own_app.terminal import terminal
from analysis.reading.campaign import load_campaign
from analysis.reading.rules import rule_texts
from experiment.records.scale_figures import read_scale_figures
from experiment.records.writing import write_whole
from harness.commands.bench_file_docs import bench_file_page
from harness.commands.claim_docs import FOLDER, claim_docs, shipped
from harness.commands.marked import filled
from harness.commands.readme_page import README, readme_page
from harness.commands.scale_page import DISTRIBUTED, FIGURES, scale_block
from harness.system.places import HOME, REFERENCE

COMMAND = "python -m harness.commands.generated_docs"
OWN_APP = "docs/own-app.md"
_OWN_APP, _README, EXAMPLES = HOME / OWN_APP, HOME / README, HOME / "examples"
_DISTRIBUTED, _FIGURES = HOME / DISTRIBUTED, HOME / FIGURES


def validity_rules() -> str:
    """Return docs/validity-rules.md: every rule with its limit, its meaning and what to do when it fires."""
    head = (
        "# Validity rules\n\n"
        f"Made from `experiment/theory/validity.py` by `{COMMAND}`; do not edit it.\n\n"
        "Every trial is held against these rules. A trial that breaks one is invalid: it is kept in `trials.csv` with\n"
        "the rule's name, left out of every estimate, and repeated once in its round. A report says how often each\n"
        "rule fired.\n"
    )
    parts = []
    for rule in rule_texts().values():
        limit = "" if rule.limit is None else f" Limit: {rule.limit:g}."
        parts.append(f"## {rule.id}\n\n{rule.meaning}{limit}\n\nWhat to do: {rule.advice}\n")
    return "\n".join([head, *parts])


def handlerbench_toml() -> str:
    """Return docs/handlerbench-toml.md: every key of the file that stands beside an app of the reader's."""
    return bench_file_page(COMMAND)


def own_app() -> str:
    """Return docs/own-app.md with what the committed campaigns of the examples found between its markers."""
    runs = [read_results(folder) for folder in sorted((EXAMPLES / "shop" / "measured").iterdir())]
    blocks = {
        "shop-run": f"```text\n{terminal(runs[0]).rstrip()}\n```",
        "shop-gains": gains_table(runs).rstrip(),
        "talk-claims": claims_table(read_results(EXAMPLES / "talk" / "measured" / "1-run")).rstrip(),
    }
    page = _OWN_APP.read_text(encoding="utf-8")
    for name, block in blocks.items():
        page = filled(page, name, block, where=OWN_APP)
    return page


def readme() -> str:
    """Return README.md with what the reference campaign found between its markers."""
    return readme_page(_README.read_text(encoding="utf-8"), load_campaign(REFERENCE))


def distributed() -> str:
    """Return docs/distributed.md with what `make bench-scale` found, and what follows from it, between its markers."""
    block = scale_block(read_scale_figures(_FIGURES))
    return filled(_DISTRIBUTED.read_text(encoding="utf-8"), "scale", block, where=DISTRIBUTED)


PAGES: Mapping[str, Callable[[], str]] = {
    "docs/validity-rules.md": validity_rules,
    "docs/handlerbench-toml.md": handlerbench_toml,
    OWN_APP: own_app,
    DISTRIBUTED: distributed,
    README: readme,
    **claim_docs(shipped, made_by=COMMAND),
}


def main() -> None:
    (HOME / FOLDER).mkdir(parents=True, exist_ok=True)
    for page, make in PAGES.items():
        write_whole(HOME / page, make())
        print(page)
    for left_over in sorted(set(left_over_pages(HOME))):
        (HOME / left_over).unlink()
        print(f"{left_over}: removed, there is no such claim")


def left_over_pages(root: Path) -> list[str]:
    """Return the pages of claims that there are no more."""
    return [page for path in (root / FOLDER).glob("*.md") if (page := f"{FOLDER}/{path.name}") not in PAGES]


if __name__ == "__main__":
    main()
