"""`bench run`: a whole campaign, or the rest of one that broke off."""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from analysis.wording.columns import wrapped
from analysis.wording.words import listing
from experiment.design.profiles import PROFILES
from experiment.errors import UsageError
from harness.campaign.events import Listener
from harness.campaign.run import CampaignOutcome, resume, run_new, run_spec
from harness.commands.driving import driving_of
from harness.commands.measuring import add_measuring, measure
from harness.commands.origin import conclude_again
from harness.commands.over_ssh import add_sut
from harness.commands.words import claim_ids, named_claims, nearest, spoken
from harness.system.places import short

_PROFILE = "article"
_WIDTH = 78
_OF_A_NEW_PLAN = (
    *("profile", "claims", "seed", "rounds", "budget", "out", "all_rounds"),
    *("driver_workers", "expect_workers", "master_bind", "sut_host"),
)
"""The options that decide what a campaign measures and where; a campaign that goes on has decided that."""


def _profiles_text() -> str:
    """Return a profile a paragraph, for the help."""
    texts = {p.name: f"at most {spoken(p.budget_s)}: {p.summary}" for p in PROFILES.values()}
    room = max(map(len, texts)) + 4
    lines = [wrapped(text, _WIDTH, indent=" " * room, first=f"  {name:<{room - 2}}") for name, text in texts.items()]
    return "\n".join(["profiles:", *(line for each in lines for line in each)])


EPILOG = _profiles_text()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    named = ", ".join(f"{name} (default)" if name == _PROFILE else name for name in PROFILES)
    parser.add_argument("--profile", metavar="PROFILE", help=f"what to measure, and for how long: {named}; see below")
    parser.add_argument("--claims", type=named_claims, metavar="A1,A2", help="judge only these, by id or slug")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with a campaign that broke off")
    parser.add_argument(
        "--all-rounds",
        action="store_true",
        help="go on measuring what is decided, until budget or rounds end: for campaigns meant for bench compare",
    )
    add_measuring(parser, folder="<time>-<profile>")
    add_sut(parser)


def run(args: argparse.Namespace) -> int:
    """Measure; raises UsageError for words that do not go together."""
    if args.resume is None:
        profile = _profile(_PROFILE if args.profile is None else args.profile)
        claims = claim_ids(args.claims or ())
        if not claims and not PROFILES[profile].claims:
            raise UsageError(f"the profile {profile} has no claims; it is that of `bench {profile}`, or add --claims.")
        return measure(args, partial(run_as_ordered, args, profile, claims=claims, all_rounds=args.all_rounds))
    named = [name for name in _OF_A_NEW_PLAN if args.sut is None or name != "sut_host"]
    given = [_word(name) for name in named if _is_given(getattr(args, name))]
    if given:
        raise UsageError(
            f"--resume goes on with a campaign as it was planned, by its own manifest: leave out {listing(given)}."
        )
    return measure(args, partial(resume, args.resume), partial(conclude_again, as_json=args.json))


def _profile(name: str) -> str:
    return nearest(name, PROFILES, "profile", listed_by="bench list profiles")


def _word(name: str) -> str:
    return "--workers" if name == "driver_workers" else f"--{name.replace('_', '-')}"


def _is_given(option: Any) -> bool:
    return option is not None and option is not False  # a seed of 0 is given


def run_as_ordered(args: argparse.Namespace, profile: str, listener: Listener, **plan: Any) -> CampaignOutcome:
    """Measure a new campaign within the bounds that the call gives; `plan` says what."""
    driving = driving_of(args)
    order = run_spec(
        profile,
        seed=args.seed,
        budget_s=args.budget,
        rounds=args.rounds,
        out=args.out,
        command=args.words,
        workers=driving.workers or 0,
        elsewhere=driving.elsewhere,
        **plan,
    )
    listener.note(f"measuring into {short(order.out)} (seed {order.seed})")
    return run_new(order, listener)
