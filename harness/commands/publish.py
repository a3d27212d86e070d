"""`bench publish DIR`: make a campaign the reference this repository ships, and write what the docs say of it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from experiment.errors import UsageError
from experiment.records.store import LATENCY, MANIFEST, THROUGHPUT, TRIALS, VERDICTS, CampaignFolder
from experiment.records.trial import Series
from harness.system.places import CHECKOUT, HOME, REFERENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

README, ANSWERS = HOME / "README.md", HOME / "docs" / "answers.md"
BEGIN, END = "<!-- verdicts:begin -->", "<!-- verdicts:end -->"
_LEFT_OUT = frozenset({Series.SERVICE.value, Series.SEND_LAG.value})
"""Under a closed load service time is response time; left out to keep the repository small."""


def publish(path: Path, say: Callable[[str], None]) -> None:
    """Copy a campaign's data to results/reference and renew README and docs/answers.md from it.

    Raises StoreError when there is no campaign, UsageError when it is a smoke run or there is no checkout.
    """
    if CHECKOUT is None:
        raise UsageError("this bench was installed from a wheel: publish renews the pages of a checkout, run it there.")
    folder = CampaignFolder.open(path)
    profile = folder.manifest().profile
    if profile is not None and profile.is_smoke:
        raise UsageError(f"{path} is a smoke run; its verdicts are no evidence and are not published.")
    if path.resolve() != REFERENCE.resolve():
        _copy(path)
    _draw()
    README.write_text(with_table(README.read_text(encoding="utf-8"), _table()), encoding="utf-8")
    _answers()
    for written in (REFERENCE, README, ANSWERS):
        say(str(written.relative_to(HOME)))


def with_table(readme: str, table: str) -> str:
    """Return the README with the table between its markers; raises UsageError when they are missing (pure)."""
    if BEGIN not in readme or END not in readme:
        raise UsageError(f"README.md lacks the markers {BEGIN} and {END}, between which the table goes.")
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n{table.strip()}\n{END}{rest.partition(END)[2]}"


def _copy(path: Path) -> None:
    shutil.rmtree(REFERENCE, ignore_errors=True)
    REFERENCE.mkdir(parents=True)
    for name in (MANIFEST, TRIALS, THROUGHPUT, VERDICTS):
        shutil.copyfile(path / name, REFERENCE / name)
    with (path / LATENCY).open(encoding="utf-8") as source, (REFERENCE / LATENCY).open("w", encoding="utf-8") as kept:
        kept.writelines(line for line in source if line.split(",", 2)[1] not in _LEFT_OUT)


def _draw() -> None:
    from analysis.charts import draw_all
    from analysis.reading.campaign import load_campaign
    from analysis.report.report import write_report

    campaign = load_campaign(REFERENCE)
    write_report(campaign, draw_all(campaign, REFERENCE / "charts"))


def _table() -> str:
    from analysis.reading.campaign import load_campaign
    from analysis.report.report import verdict_table_markdown

    return verdict_table_markdown(load_campaign(REFERENCE))


def _answers() -> None:
    from harness.commands.presenting import make_answers

    make_answers(REFERENCE, ANSWERS, lambda _: None)
