"""`bench app inspect`: what can be said of an app without load."""

import argparse
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

from rich.console import Console

from analysis.own_app.inspection_text import inspection_text
from analysis.reading.campaign import load_campaign
from analysis.reading.sentences import finding
from analysis.stats.results import ClaimResult
from experiment.errors import Exit, StoreError
from experiment.records.app_record import FindingEntry
from experiment.theory.app_findings import FINDINGS, findings
from harness.commands.app_target import add_file, add_target, target_of
from harness.commands.terminal import say
from harness.own_app.inspecting import inspection_of
from harness.system.places import FOLKLORE_REFERENCE, REFERENCE

_WIDTH = 80

DESCRIPTION = """\
Imports the app under its own Python and says of each route: its style, how
often a request goes to a thread and for what, and the lines that are known to
cost. Nothing is started, and nothing is asked of it."""
EPILOG = """\
examples:
  bench app inspect
  bench app inspect shop.main:app --python .venv/bin/python
  bench app inspect shop.main:make_app --factory --json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", nargs="?", metavar="TARGET", help="module:attribute; without it, the file's")
    add_file(parser, "the settings to read the app from")
    add_target(parser)
    parser.add_argument("--json", action="store_true", help="as JSON, for scripts")


def run(args: argparse.Namespace) -> int:
    app = target_of(args)
    inspection = inspection_of(app)
    found = findings(inspection)
    measured = measured_costs({entry.claim for entry in found if entry.claim})
    if args.json:
        said = {"target": app.target, **inspection.model_dump(mode="json")}
        print(json.dumps({**said, "findings": [_as_json(each, measured) for each in found]}, indent=2))
        return Exit.OK
    console = Console(highlight=False)
    width = console.width if console.is_terminal else _WIDTH
    say(console, inspection_text(inspection, app.target, found, measured, width).rstrip("\n"))
    return Exit.OK


def measured_costs(claims: Iterable[str]) -> dict[str, str]:
    """Return by claim what the reference campaigns found; nothing where none has measured it."""
    wanted = set(claims)
    if not wanted:
        return {}
    results = {result.claim.id: result for result in _reference_results() if result.comparisons}
    return {name: finding(results[name]) for name in wanted & results.keys()}


def _reference_results() -> Iterator[ClaimResult]:
    for path in (REFERENCE, FOLKLORE_REFERENCE):
        with suppress(StoreError):
            yield from load_campaign(path).results


def _as_json(entry: FindingEntry, measured: dict[str, str]) -> dict[str, Any]:
    row = FINDINGS[entry.id]
    more = {"weight": row.weight, "advice": row.advice, "of_claim": row.of_claim}
    return {**entry.model_dump(mode="json"), **more, "measured": measured.get(entry.claim or "")}
