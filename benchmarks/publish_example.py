"""Keep an example's campaign: `python -m benchmarks.publish_example DIR examples/shop/measured/1-run`.

Copies what docs/own-app.md is made of: the tables, of latency.csv only responses and the bystander's, and no logs, page
or charts. `python -m harness.commands.generated_docs` then renews the page.
"""

import argparse
import shutil
from pathlib import Path

from benchmarks.talk import say
from experiment.errors import BenchError
from experiment.records.app_record import APP, BLOCKING
from experiment.records.store import LATENCY, MANIFEST, THROUGHPUT, TRIALS, CampaignFolder
from experiment.records.trial import Series

_KEPT = (MANIFEST, APP, TRIALS, THROUGHPUT, BLOCKING)
_SERIES = frozenset({Series.RESPONSE.value, Series.BYSTANDER.value})


def publish(campaign: Path, kept: Path) -> None:
    """Copy a campaign's tables to a folder, in the place of what is there. Raises StoreError where there is none."""
    CampaignFolder(campaign).check()
    fresh = kept.with_name(f".{kept.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name in _KEPT:
        shutil.copyfile(campaign / name, fresh / name)
    _copy_latency(campaign / LATENCY, fresh / LATENCY)
    shutil.rmtree(kept, ignore_errors=True)
    fresh.rename(kept)


def _copy_latency(source: Path, copy: Path) -> None:
    with source.open(encoding="utf-8") as lines, copy.open("w", encoding="utf-8") as out:
        out.write(next(lines))
        out.writelines(line for line in lines if line.split(",", 2)[1] in _SERIES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("campaign", type=Path, metavar="DIR")
    parser.add_argument("kept", type=Path, metavar="KEPT")
    args = parser.parse_args()
    try:
        publish(args.campaign, args.kept)
    except (BenchError, OSError) as error:
        parser.exit(2, f"{error}\n")
    say(f"kept {args.campaign} as {args.kept}")


if __name__ == "__main__":
    main()
