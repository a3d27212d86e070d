"""`bench answers DIR`: the questions people ask in interviews, answered with a campaign's numbers."""

import argparse
from pathlib import Path

from analysis.reading.campaign import Campaign, load_campaign
from analysis.report.answers import answers_markdown
from analysis.report.question_texts import FITS
from experiment.errors import Exit, UsageError
from experiment.records.writing import write_whole
from harness.system.places import short

PAGE = Path("docs") / "answers.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("dir", type=Path, metavar="DIR", help="a campaign's folder, e.g. results/reference")
    parser.add_argument("--out", type=Path, metavar="FILE", default=PAGE, help=f"default: {PAGE}")


def run(args: argparse.Namespace) -> int:
    campaign = load_campaign(args.dir)
    if campaign.manifest.claims_version not in FITS:
        raise UsageError(_other_claims(campaign))
    print(short(write_answers(campaign, args.out)))
    return Exit.OK


def _other_claims(campaign: Campaign) -> str:
    manifest = campaign.manifest
    return (
        f"{campaign.short_path} was measured with version {manifest.claims_version} of the claims; the sentences "
        f"of this version fit version {FITS[-1]}. Use handlerbench {manifest.version} for it, or measure again."
    )


def write_answers(campaign: Campaign, out: Path) -> Path:
    out.parent.mkdir(parents=True, exist_ok=True)
    write_whole(out, answers_markdown(campaign))
    return out
