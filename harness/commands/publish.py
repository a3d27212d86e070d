"""`bench publish DIR`: make a campaign the reference this repository ships, and write what the docs say of it."""

import argparse
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.reading.campaign import load_campaign
from analysis.report.answers import answers_markdown
from experiment.errors import Exit, UsageError
from experiment.records.store import LATENCY, MANIFEST, THROUGHPUT, TRIALS, CampaignFolder
from experiment.records.trial import Series
from experiment.records.writing import write_whole
from harness.commands.answers import PAGE
from harness.commands.readme_page import readme_page
from harness.commands.report import draw
from harness.system import interruption
from harness.system.places import CHECKOUT, HOME, REFERENCE, RESULTS

README, ANSWERS = HOME / "README.md", HOME / PAGE
BESIDE, OLD = ".publishing", ".reference.old"  # folders in results/ while a campaign is published
_LEFT_OUT = frozenset({Series.SERVICE.value, Series.SEND_LAG.value})
"""Under a closed load service time is response time; left out to keep the repository small."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, metavar="DIR", help="a finished campaign's folder, e.g. results/latest")


def run(args: argparse.Namespace) -> int:
    """Copy a campaign's data to results/reference and renew README and docs/answers.md from it.

    Raises StoreError when there is no campaign, UsageError when it is a smoke run or there is no checkout.
    """
    if CHECKOUT is None:
        raise UsageError("this bench was installed from a wheel: publish renews the pages of a checkout, run it there.")
    CampaignFolder(args.dir).check()
    profile = CampaignFolder(args.dir).manifest().profile
    if profile is not None and profile.is_smoke:
        raise UsageError(f"{args.dir} is a smoke run; its verdicts are no evidence and are not published.")
    _mend_swap()
    with _beside() as fresh:
        _copy(args.dir, fresh)
        campaign = load_campaign(fresh)
        draw(campaign)
        readme = readme_page(README.read_text(encoding="utf-8"), campaign)
        answers = answers_markdown(campaign)
        _swap(fresh)
    write_whole(README, readme)
    write_whole(ANSWERS, answers)
    for written in (REFERENCE, README, ANSWERS):
        print(written.relative_to(HOME))
    return Exit.OK


@contextmanager
def _beside() -> Iterator[Path]:
    """Yield where to make the new reference, beside the old one; what is still there at the end is removed."""
    place = REFERENCE.with_name(BESIDE)
    shutil.rmtree(place, ignore_errors=True)
    try:
        yield place / RESULTS / REFERENCE.name  # of the same last names as its place, which the report repeats
    finally:
        with interruption.deferred():
            shutil.rmtree(place, ignore_errors=True)


def _swap(fresh: Path) -> None:
    """Put a folder in the place of the reference. A crash between the two steps leaves the old one in OLD."""
    with interruption.deferred():
        if REFERENCE.exists():
            REFERENCE.rename(REFERENCE.with_name(OLD))
        fresh.rename(REFERENCE)
        shutil.rmtree(REFERENCE.with_name(OLD), ignore_errors=True)


def _mend_swap() -> None:
    """Put the old reference back, if a swap was broken off between its two steps; else remove what is left of it."""
    old = REFERENCE.with_name(OLD)
    if old.exists() and not REFERENCE.exists():
        old.rename(REFERENCE)
    shutil.rmtree(old, ignore_errors=True)


def _copy(path: Path, fresh: Path) -> None:
    fresh.mkdir(parents=True)
    campaigns = REFERENCE / "README.md"  # lists every campaign of the release, and is written by hand
    if campaigns.exists():
        shutil.copyfile(campaigns, fresh / campaigns.name)
    for name in (MANIFEST, TRIALS, THROUGHPUT):
        shutil.copyfile(path / name, fresh / name)
    with (path / LATENCY).open(encoding="utf-8") as source, (fresh / LATENCY).open("w", encoding="utf-8") as copy:
        copy.writelines(line for line in source if line.split(",", 2)[1] not in _LEFT_OUT)
