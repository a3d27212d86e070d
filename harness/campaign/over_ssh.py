"""A campaign whose app is on another machine: measured there by `bench sut`, driven from here, brought back.

The connection is ssh's (harness/system/ssh.py). Through it go the words, the lines for people, the master's port and
the campaign's folder; the load goes to the app directly.
"""

import shlex
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from analysis.stats.judge import judge_all
from analysis.stats.rule import RULES
from experiment.errors import BenchError, EnvironmentUnfitError, StoreError
from experiment.records.errand import Errand
from experiment.records.store import CampaignFolder
from harness.campaign.bringing import bring
from harness.campaign.events import Listener
from harness.campaign.run import CampaignOutcome, point_latest_at
from harness.campaign.schedule import Stop
from harness.campaign.visit import Visit
from harness.campaign.workers import host_and_port
from harness.system.places import short
from harness.system.scratch import scratch
from harness.system.ssh import Place, Ssh, connected

FOLDER = "results/elsewhere"  # there; what is whole and brought here is removed from it
_REMOVE_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to measure where: a command of `bench` and its words, and the folder here that the campaign is brought to.

    `goes_on`: with the campaign of that folder's name there; here there may be a part of it.
    """

    place: Place
    command: tuple[str, ...]
    words: tuple[str, ...]
    out: Path
    workers: int = 1
    sut_host: str | None = None
    goes_on: bool = False

    @property
    def parent(self) -> str:
        """Where the campaign's folder is there."""
        return f"{self.place.path}/{FOLDER}"

    @property
    def going_on(self) -> str:
        """The command that goes on with the campaign."""
        command = "bench app run" if self.command[0] == "app" else "bench run"
        return f"{command} --resume {shlex.quote(short(self.out))} --sut …"


def carried_out(order: Order, listener: Listener) -> CampaignOutcome:
    """Measure there, and bring the campaign here: what there is of it, if it breaks off.

    Raises StoreError for a folder that is in the way, EnvironmentUnfitError where the place cannot be reached or is
    lost, and the error that ended the command there.
    """
    _check_here(order)
    with scratch("over-ssh-") as logs, connected(order.place, logs / "ssh.log") as ssh:
        if order.goes_on:
            bring(ssh, order.parent, order.out, logs / "brought.tar")  # there may be more trials than here
        visit = _visit(order, ssh, logs, listener)
        try:
            folder = visit.campaign()
        except (BenchError, OSError, KeyboardInterrupt) as error:
            visit.keep(error)
            raise
        if folder.manifest().stopped_because != Stop.DISCARDED:  # with that one can go on
            _remove(order, ssh, listener)
    if order.command[0] != "app":
        point_latest_at(order.out)
    return _outcome(folder)


def _check_here(order: Order) -> None:
    """Refuse a folder that is in the way, or with which one cannot go on. Raises StoreError."""
    if not order.out.exists():
        return
    if not order.goes_on:
        raise StoreError(f"{order.out} is there already; name another folder with --out.")
    if CampaignFolder.open(order.out).manifest().elsewhere is None:
        raise StoreError(f"{order.out} was measured on one machine: go on with it there, without --sut.")


def _visit(order: Order, ssh: Ssh, logs: Path, listener: Listener) -> Visit:
    errand, workers = _errand(order)
    return Visit(
        ssh=ssh,
        errand=errand,
        workers=workers,
        parent=order.parent,
        out=order.out,
        going_on=order.going_on,
        logs=logs,
        listener=listener,
    )


def _errand(order: Order) -> tuple[Errand, int]:
    """Return what is said to the other side, and how many workers drive: a campaign that goes on says it itself."""
    ours, folder = version("handlerbench"), f"{FOLDER}/{order.out.name}"
    if not order.goes_on:
        words = (*order.command, "--out", folder, *order.words)
        return Errand(version=ours, words=words, workers=order.workers, sut_host=order.sut_host), order.workers
    manifest = CampaignFolder.open(order.out).manifest()
    if manifest.elsewhere is None:
        raise StoreError(f"{order.out} was measured on one machine: go on with it there, without --sut.")
    words = (*order.command, "--resume", folder, *order.words)
    _, port = host_and_port(manifest.elsewhere.bind)
    errand = Errand(version=ours, words=words, sut_host=manifest.elsewhere.sut_host, master_port=port)
    return errand, manifest.workers


def _remove(order: Order, ssh: Ssh, listener: Listener) -> None:
    """Remove what is whole here from there; that it stays there is no reason not to judge it."""
    try:
        ssh.run(["rm", "-r", "--", f"{order.parent}/{order.out.name}"], limit_s=_REMOVE_LIMIT_S)
    except EnvironmentUnfitError as error:
        listener.note(f"the campaign is here, and still there too: {error}")


def _outcome(folder: CampaignFolder) -> CampaignOutcome:
    manifest = folder.manifest()
    results = judge_all(
        manifest.asked(), folder.trials(), skipped=manifest.skipped, alpha=manifest.alpha, rule=RULES[manifest.judge]
    )
    return CampaignOutcome(folder=folder, results=results, stopped_because=manifest.stopped_because or "")
