"""`bench list`: what there is to measure, from the tables themselves."""

import argparse
import json
from dataclasses import asdict
from typing import Any

from rich.console import Console

from bench_app.catalogue import CATALOGUE
from experiment.design.claims import CLAIMS
from experiment.design.loads import LOADS
from experiment.design.model import Claim
from experiment.design.profiles import PROFILES
from experiment.errors import Exit
from experiment.records.registered import ClaimEntry
from harness.campaign.unserved import missing_for
from harness.commands.terminal import show_table

_COLUMNS = {
    "variants": ("id", "method", "path", "summary", "skipped"),
    "claims": ("id", "slug", "statement", "refuted_by", "is_measurable"),
    "loads": ("id", "kind", "users", "warmup_s", "window_s"),
    "profiles": ("name", "summary", "budget_s"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON, for scripts")


def run(args: argparse.Namespace) -> int:
    data = _collect()
    if args.json:
        print(json.dumps(data, indent=2, ensure_ascii=False))
        return Exit.OK
    console = Console()
    for title, columns in _COLUMNS.items():
        show_table(console, title, columns, ([str(row[name]) for name in columns] for row in data[title]))
    return Exit.OK


def _collect() -> dict[str, list[dict[str, Any]]]:
    skipped = missing_for(CATALOGUE)
    return {
        "variants": [
            {
                "id": v.id,
                "work": v.work.name,
                "style": v.style.name,
                "tool": v.tool,
                "method": v.method,
                "path": v.path,
                "summary": v.summary,
                "skipped": skipped.get(v.id, ""),
            }
            for v in CATALOGUE.values()
        ],
        "claims": [_claim(c) for c in CLAIMS.values()],
        "loads": [asdict(load) for load in LOADS.values()],
        "profiles": [asdict(p) for p in PROFILES.values()],
    }


def _claim(claim: Claim) -> dict[str, Any]:
    own = {"refuted_by": claim.refuted_by, "is_measurable": claim.is_measurable}
    return ClaimEntry.of(claim).model_dump(mode="json") | own
