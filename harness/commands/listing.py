"""`bench list`: what there is to measure, from the tables themselves. Ids are never broken: they can be copied."""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple

from rich.console import Console

from analysis.wording import words
from analysis.wording.columns import cut, padded, width_of, wrapped
from bench_app.catalogue import CATALOGUE
from experiment.design.claims import CLAIMS
from experiment.design.loads import LOADS
from experiment.design.model import Claim, Load
from experiment.design.profiles import PROFILES
from experiment.errors import Exit
from experiment.records.registered import ClaimEntry
from harness.campaign.unserved import missing_for
from harness.commands.terminal import say
from harness.commands.words import one_of, spoken

Row = dict[str, Any]

_WIDTH, _LEAST_WIDTH = 80, 60
_INDENT = "    "


class Kind(NamedTuple):
    """A kind of thing to list: how its rows are made, and of a row its id, what it is, and lines of more."""

    rows: Callable[[], list[Row]]
    id: str
    about: Callable[[Row], str]
    more: Callable[[Row], Iterator[str]]


def _variants() -> list[Row]:
    skipped = missing_for(CATALOGUE)
    return [
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
    ]


def _more_of_variant(row: Row) -> Iterator[str]:
    yield f"{row['method']} {row['path']}"
    if row["skipped"]:
        yield f"Cannot be served here: {row['skipped']}"


def _claim(claim: Claim) -> Row:
    own = {"refuted_by": claim.refuted_by, "is_measurable": claim.is_measurable}
    return ClaimEntry.of(claim).model_dump(mode="json") | own


def _more_of_claim(row: Row) -> Iterator[str]:
    yield f"also by the name {row['slug']}"
    if not row["is_measurable"]:
        yield "Cannot be measured by load."
    if row["refuted_by"]:
        yield f"What would refute it: {row['refuted_by']}"


def _about_load(row: Row) -> str:
    load = Load(**row)
    return words.upper_first(words.load(load))


def _more_of_load(row: Row) -> Iterator[str]:
    warmup, window = (words.setting_duration(row[name]) for name in ("warmup_s", "window_s"))
    yield f"warm-up {warmup}, window {window}"


def _more_of_profile(row: Row) -> Iterator[str]:
    count = words.plural(len(row["claims"]), "claim") if row["claims"] else "no claim"
    yield f"{count}; measures for at most {spoken(row['budget_s'])}, {row['max_rounds']} rounds a claim"


KINDS: Mapping[str, Kind] = {
    "variants": Kind(_variants, "id", lambda row: row["summary"], _more_of_variant),
    "claims": Kind(lambda: [_claim(c) for c in CLAIMS.values()], "id", lambda row: row["statement"], _more_of_claim),
    "loads": Kind(lambda: [asdict(load) for load in LOADS.values()], "id", _about_load, _more_of_load),
    "profiles": Kind(
        lambda: [asdict(p) for p in PROFILES.values()], "name", lambda row: row["summary"], _more_of_profile
    ),
}

EPILOG = """\
examples:
  bench list claims           the ids for bench claim, one a line
  bench list variants --long  with paths, and whole sentences
  bench list --json           everything, for scripts"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "kinds",
        nargs="*",
        metavar="KIND",
        type=one_of("kind of list", KINDS, listed_by="bench list --help"),
        help=f"only these: {', '.join(KINDS)}",
    )
    view = parser.add_mutually_exclusive_group()
    view.add_argument("--long", action="store_true", help="everything that is known of each")
    view.add_argument("--json", action="store_true", help="as JSON, for scripts")


def run(args: argparse.Namespace) -> int:
    chosen = {name: KINDS[name] for name in KINDS if name in args.kinds or not args.kinds}
    rows = {name: kind.rows() for name, kind in chosen.items()}
    if args.json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return Exit.OK
    console = Console(highlight=False)
    width = max(console.width, _LEAST_WIDTH) if console.is_terminal else _WIDTH
    say(console, "\n\n".join("\n".join(_section(name, rows[name], width, is_long=args.long)) for name in chosen))
    if not args.long:
        say(console, "", "`bench list --long` says all of each.")
    return Exit.OK


def _section(name: str, rows: list[Row], width: int, *, is_long: bool) -> Iterator[str]:
    yield f"{name} ({len(rows)})"
    yield from _long(KINDS[name], rows, width) if is_long else _short(KINDS[name], rows, width)


def _short(kind: Kind, rows: list[Row], width: int) -> Iterator[str]:
    """Yield a line for each: its id whole, then as much of what it is as fits."""
    room = 2 + max(width_of(row[kind.id]) for row in rows) + 2
    for row in rows:
        skipped = "(not here) " if row.get("skipped") else ""
        yield padded(f"  {row[kind.id]}", room) + cut(skipped + kind.about(row), width - room)


def _long(kind: Kind, rows: list[Row], width: int) -> Iterator[str]:
    """Yield a block for each: its id alone on a line, below it all that is known."""
    for row in rows:
        yield f"  {row[kind.id]}"
        for text in (kind.about(row), *kind.more(row)):
            yield from wrapped(text, width, indent=_INDENT)
