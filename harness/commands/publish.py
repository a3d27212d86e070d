"""`bench publish DIR`: make a campaign the reference this repository ships, and write what the docs say of it.

A campaign of the profile folklore becomes results/reference-folklore, any other one results/reference.
"""

import argparse
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from analysis.reading.campaign import Campaign, load_campaign
from analysis.report.answers import answers_markdown
from experiment.errors import Exit, UsageError
from experiment.records.store import LATENCY, MANIFEST, THROUGHPUT, TRIALS, CampaignFolder
from experiment.records.trial import Series
from experiment.records.writing import write_whole
from harness.commands.answers import PAGE
from harness.commands.claim_docs import FOLDER, claim_docs, found_in
from harness.commands.generated_docs import COMMAND
from harness.commands.readme_page import readme_page
from harness.commands.report import draw
from harness.system import interruption
from harness.system.places import CHECKOUT, FOLKLORE_REFERENCE, HOME, REFERENCE, RESULTS

README, ANSWERS = HOME / "README.md", HOME / PAGE
BESIDE = ".publishing"  # a folder in results/ while a campaign is published
_LEFT_OUT = frozenset({Series.SERVICE.value, Series.SEND_LAG.value})
"""Under a closed load service time is response time; left out to keep the repository small."""
_FOLKLORE = "folklore"  # the profile; of its campaign no durations are kept, which are most of a folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, metavar="DIR", help="a finished campaign's folder, e.g. results/latest")


def run(args: argparse.Namespace) -> int:
    """Copy a campaign's data to its place in results/, and renew the pages that say what it found.

    Raises StoreError when there is no campaign, UsageError when it is a smoke run or there is no checkout.
    """
    if CHECKOUT is None:
        raise UsageError("this bench was installed from a wheel: publish renews the pages of a checkout, run it there.")
    CampaignFolder(args.dir).check()
    profile = CampaignFolder(args.dir).manifest().profile
    if profile is not None and profile.is_smoke:
        raise UsageError(f"{args.dir} is a smoke run; its verdicts are no evidence and are not published.")
    place = FOLKLORE_REFERENCE if profile is not None and profile.name == _FOLKLORE else REFERENCE
    _mend_swap(place)
    with _beside(place) as fresh:
        _copy(args.dir, fresh, place)
        campaign = load_campaign(fresh)
        draw(campaign)
        pages = _pages(campaign, place)
        _swap(fresh, place)
    for page, text in pages.items():
        page.parent.mkdir(exist_ok=True)
        write_whole(page, text)
    shown = [page for page in pages if page.parent != HOME / FOLDER]
    for written in (place, *shown, HOME / FOLDER):
        print(written.relative_to(HOME))
    return Exit.OK


def _pages(campaign: Campaign, place: Path) -> Mapping[Path, str]:
    """Return what the docs say of the new campaign, and of the one that stays in the other place."""
    other = REFERENCE if place == FOLKLORE_REFERENCE else FOLKLORE_REFERENCE
    known = found_in([campaign, *([load_campaign(other)] if other.is_dir() else [])])
    about_claims = {HOME / page: make() for page, make in claim_docs(lambda: known, made_by=COMMAND).items()}
    if place == FOLKLORE_REFERENCE:
        return about_claims
    readme = readme_page(README.read_text(encoding="utf-8"), campaign)
    return {README: readme, ANSWERS: answers_markdown(campaign), **about_claims}


@contextmanager
def _beside(reference: Path) -> Iterator[Path]:
    """Yield where to make the new reference, beside the old one; what is still there at the end is removed."""
    place = reference.with_name(BESIDE)
    shutil.rmtree(place, ignore_errors=True)
    try:
        yield place / RESULTS / reference.name  # of the same last names as its place, which the report repeats
    finally:
        with interruption.deferred():
            shutil.rmtree(place, ignore_errors=True)


def old_of(reference: Path) -> Path:
    """Return where a reference is kept while another takes its place."""
    return reference.with_name(f".{reference.name}.old")


def _swap(fresh: Path, reference: Path) -> None:
    """Put a folder in the place of a reference. A crash between the two steps leaves the old one beside it."""
    with interruption.deferred():
        if reference.exists():
            reference.rename(old_of(reference))
        fresh.rename(reference)
        shutil.rmtree(old_of(reference), ignore_errors=True)


def _mend_swap(reference: Path) -> None:
    """Put the old reference back, if a swap was broken off between its two steps; else remove what is left of it."""
    old = old_of(reference)
    if old.exists() and not reference.exists():
        old.rename(reference)
    shutil.rmtree(old, ignore_errors=True)


def _copy(path: Path, fresh: Path, reference: Path) -> None:
    fresh.mkdir(parents=True)
    campaigns = reference / "README.md"  # lists every campaign of the release, and is written by hand
    if campaigns.exists():
        shutil.copyfile(campaigns, fresh / campaigns.name)
    for name in (MANIFEST, TRIALS, THROUGHPUT):
        shutil.copyfile(path / name, fresh / name)
    with (path / LATENCY).open(encoding="utf-8") as source, (fresh / LATENCY).open("w", encoding="utf-8") as copy:
        copy.write(next(source))
        if reference != FOLKLORE_REFERENCE:
            copy.writelines(line for line in source if line.split(",", 2)[1] not in _LEFT_OUT)
