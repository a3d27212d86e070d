"""Pages of docs that follow from tables: `python -m harness.commands.generated_docs` writes them all.

To add one, add a row to PAGES; a test fails while a page is not what its row makes.
"""

from collections.abc import Callable, Mapping

from analysis.reading.rules import rule_texts
from experiment.records.store import write_whole
from harness.system.places import HOME

COMMAND = "python -m harness.commands.generated_docs"


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


PAGES: Mapping[str, Callable[[], str]] = {"docs/validity-rules.md": validity_rules}


def main() -> None:
    for page, make in PAGES.items():
        write_whole(HOME / page, make())
        print(page)


if __name__ == "__main__":
    main()
