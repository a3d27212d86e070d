"""`bench publish DIR`: make a campaign the reference this repository ships, and write what the docs say of it."""

import argparse
import shutil
from pathlib import Path

from analysis.reading.campaign import load_campaign
from analysis.report.report import verdict_table_markdown
from experiment.errors import Exit, UsageError
from experiment.records.store import LATENCY, MANIFEST, THROUGHPUT, TRIALS, CampaignFolder
from experiment.records.trial import Series
from harness.commands.answers import PAGE, write_answers
from harness.commands.report import draw
from harness.system.places import CHECKOUT, HOME, REFERENCE

README, ANSWERS = HOME / "README.md", HOME / PAGE
BEGIN, END = "<!-- verdicts:begin -->", "<!-- verdicts:end -->"
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
    profile = load_campaign(args.dir).manifest.profile
    if profile is not None and profile.is_smoke:
        raise UsageError(f"{args.dir} is a smoke run; its verdicts are no evidence and are not published.")
    if args.dir.resolve() != REFERENCE.resolve():
        _copy(args.dir)
    campaign = load_campaign(REFERENCE)
    draw(campaign)
    README.write_text(
        with_table(README.read_text(encoding="utf-8"), verdict_table_markdown(campaign)), encoding="utf-8"
    )
    for written in (REFERENCE, README, write_answers(campaign, ANSWERS)):
        print(written.relative_to(HOME))
    return Exit.OK


def with_table(readme: str, table: str) -> str:
    """Return the README with the table between its markers; raises UsageError when they are missing (pure)."""
    if BEGIN not in readme or END not in readme:
        raise UsageError(f"README.md lacks the markers {BEGIN} and {END}, between which the table goes.")
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n{table.strip()}\n{END}{rest.partition(END)[2]}"


def _copy(path: Path) -> None:
    campaigns = REFERENCE / "README.md"  # lists every campaign of the release, and is written by hand
    kept = campaigns.read_bytes() if campaigns.exists() else None
    shutil.rmtree(REFERENCE, ignore_errors=True)
    REFERENCE.mkdir(parents=True)
    if kept is not None:
        campaigns.write_bytes(kept)
    for name in (MANIFEST, TRIALS, THROUGHPUT):
        shutil.copyfile(path / name, REFERENCE / name)
    with (path / LATENCY).open(encoding="utf-8") as source, (REFERENCE / LATENCY).open("w", encoding="utf-8") as copy:
        copy.writelines(line for line in source if line.split(",", 2)[1] not in _LEFT_OUT)
