"""`bench reproduce DIR`: run somebody else's campaign again on this machine, and say what came out the same.

The plan is that of the other campaign's manifest: its claims with their registered intervals, its loads, its level and
its settings, not today's tables. Only the order of the trials is new, unless --seed repeats it. What counts as
reproduced stands in analysis/comparing/reproduction.py; a repetition that broke off is resumed like any campaign, and
ends in harness/commands/origin.py as this does.
"""

import argparse
import re
import secrets
import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console

from analysis.reading.campaign import Campaign, load_campaign
from experiment.design.claims import A_A
from experiment.design.loads import LOADS
from experiment.design.model import Load, Treatment
from experiment.design.plan import treatments_for
from experiment.design.profiles import Profile
from experiment.errors import StoreError
from experiment.records.manifest import Manifest
from harness.campaign.events import Listener
from harness.campaign.run import CampaignOutcome, RunSpec, new_manifest, run_registered
from harness.campaign.unserved import given_database, missing_for, missing_variants
from harness.commands.driving import NOT_SAID, Driving, driving_of
from harness.commands.measuring import add_measuring, measure
from harness.commands.origin import conclude, reference_to
from harness.system.places import RESULTS
from harness.trial.app_settings import taken


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, metavar="DIR", help="the campaign to run again")
    add_measuring(parser, folder="<time>-again-<name>")


def run(args: argparse.Namespace) -> int:
    """Run the campaign again and tell what was reproduced; return the exit code.

    What is not given is as in the original: its budget (seconds of measuring), its rounds. Raises StoreError for a
    folder without a campaign of this format, UsageError for one this version cannot repeat.
    """
    original = load_campaign(args.dir)
    order = spec_again(
        original,
        out=args.out or RESULTS / _name(original),
        budget_s=args.budget,
        rounds=args.rounds,
        seed=args.seed,
        words=args.words,
        driving=driving_of(args),
    )

    def conclude_first(campaign: Campaign, console: Console) -> None:
        conclude(original, campaign, console, as_json=args.json)

    return measure(args, partial(_run_again, original, order), conclude_first)


def _run_again(original: Campaign, order: RunSpec, listener: Listener) -> CampaignOutcome:
    listener.note(f"reproducing {original.name} into {order.out.name} (seed {order.seed})")
    listener.note(f"should it break off: bench run --resume {shlex.quote(str(order.out))}")
    return run_registered(order.out, manifest_again(original, order), listener)


def spec_again(
    original: Campaign,
    *,
    out: Path,
    budget_s: float | None,
    rounds: int | None,
    seed: int | None,
    words: Sequence[str],
    driving: Driving = NOT_SAID,
) -> RunSpec:
    """Return the order that repeats a campaign; workers are started here unless `driving` says otherwise.

    Raises StoreError when its manifest does not say how it was bounded.
    """
    theirs = original.manifest.profile
    if theirs is None:
        raise StoreError(f"the manifest of {original.name} does not say how the campaign was bounded.")
    profile = Profile(
        name=theirs.name,
        summary="as another campaign's manifest has it",
        claims=tuple(c.id for c in original.claims),
        budget_s=budget_s or theirs.budget_s,
        max_rounds=rounds or theirs.max_rounds,
        time_scale=theirs.time_scale,
        is_smoke=original.is_smoke,
    )
    return RunSpec(
        profile=profile,
        claims=profile.claims,
        seed=secrets.randbelow(1_000_000) if seed is None else seed,
        budget_s=profile.budget_s,
        max_rounds=profile.max_rounds,
        out=out,
        command=shlex.join(words),
        sweep=_sweep(original),
        all_rounds=theirs.all_rounds,
        workers=original.manifest.workers if driving.workers is None else driving.workers,
        elsewhere=driving.elsewhere,
    )


def manifest_again(original: Campaign, order: RunSpec) -> Manifest:
    """Return the manifest of the repetition: the original's plan, this machine's facts.

    Variants that this machine or version cannot serve are skipped, each with its reason. Raises StoreError when the
    original's manifest lacks a load that it plans with, UsageError when its settings cannot be repeated.
    """
    skipped = missing_variants(original.claims) | missing_for(t.variant for t, _ in order.sweep)
    loads = _loads(original) | {load.id: load for _, load in order.sweep}
    manifest = new_manifest(order, original.claims, loads, skipped)
    reference = reference_to(original, order.out)
    settings = taken(
        original.name, original.manifest.settings, commit=reference.commit, own_database=given_database() is None
    )
    judged = {"alpha": original.alpha, "judge": original.manifest.judge}
    return manifest.model_copy(update={**judged, "settings": settings, "reproduces": reference})


def _loads(original: Campaign) -> dict[str, Load]:
    needed = sorted({t.load for t in treatments_for(original.claims)})
    # the A/A pair is this version's own: its load is taken from today's table where the other campaign had none
    known = {A_A.treatment.load: LOADS[A_A.treatment.load], **original.loads}
    return {name: _load(original.name, known, name) for name in needed}


def _sweep(original: Campaign) -> tuple[tuple[Treatment, Load], ...]:
    steps = [entry.value for entry in original.manifest.sweep]
    return tuple((step, _load(original.name, original.loads, step.load)) for step in steps)


def _load(campaign: str, known: Mapping[str, Load], name: str) -> Load:
    if name not in known:
        raise StoreError(f"the manifest of {campaign} plans with the load {name}, which it does not define.")
    return known[name]


def _name(original: Campaign) -> str:
    """Name the new folder; the other campaign's name is somebody else's text, so only plain characters of it stay."""
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return f"{now}-again-{re.sub(r'[^A-Za-z0-9_-]+', '-', original.name)[:60].strip('-')}"
