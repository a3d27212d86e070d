"""A campaign whose app is on another machine: measured there by `bench sut`, driven from here, brought back.

The connection is ssh's (harness/system/ssh.py). Through it go the words, the lines for people, the master's port and
the campaign's folder; the load goes to the app directly.
"""

import argparse
import shlex
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from analysis.stats.judge import judge_all
from analysis.stats.rule import RULES
from experiment.errors import BenchError, EnvironmentUnfitError, StoreError
from experiment.records.errand import Errand
from experiment.records.manifest import Elsewhere
from experiment.records.store import CampaignFolder
from harness.campaign.bringing import beside, bring, is_there
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
    is_app: bool = False  # an app of the user's own
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
        command = "bench app run" if self.is_app else "bench run"
        return f"{command} --resume {shlex.quote(short(self.out))} --sut …"


def carried_out(order: Order, listener: Listener) -> CampaignOutcome:
    """Measure there, and bring the campaign here: what there is of it, if it breaks off.

    Raises StoreError for a folder that is in the way, EnvironmentUnfitError where the place cannot be reached or is
    lost, OSError where `out` cannot be written, and the error that ended the command there.
    """
    _check_here(order)
    with scratch("over-ssh-") as logs, connected(order.place, logs / "ssh.log") as ssh:
        folder = _what_is_whole_there(order, ssh, logs) if order.goes_on else None
        if folder is None:
            folder = _measured(order, ssh, logs, listener)
        outcome = _outcome(folder)
        if outcome.stopped_because != Stop.DISCARDED:  # with that one can go on
            _remove(order, ssh, listener)
    if not order.is_app:
        point_latest_at(order.out)
    return outcome


def _check_here(order: Order) -> None:
    """Refuse a folder that is in the way, cannot be written, or holds what one cannot go on with.

    Raises StoreError, OSError.
    """
    if order.out.exists() and not order.goes_on:
        raise StoreError(f"{order.out} is there already; name another folder with --out.")
    if order.out.exists():
        _elsewhere_of(CampaignFolder.open(order.out))
    place = beside(order.out)
    place.mkdir(parents=True, exist_ok=True)
    place.rmdir()


def _elsewhere_of(folder: CampaignFolder) -> Elsewhere:
    found = folder.manifest().elsewhere
    if found is None:
        raise StoreError(f"{folder.path} was measured on one machine: go on with it there, without --sut.")
    return found


def _what_is_whole_there(order: Order, ssh: Ssh, logs: Path) -> CampaignFolder | None:
    """Bring what there is of a campaign, which may be more than is here; return it if nothing is left to measure."""
    if not is_there(ssh, order.parent, order.out.name, logs / "looked"):
        raise StoreError(
            f"{order.place.host} has no campaign {order.out.name} in {order.parent}. One that is whole here was "
            "removed there: `bench report` draws it."
        )
    bring(ssh, order.parent, order.out, logs / "brought.tar")
    folder = CampaignFolder.open(order.out)
    return folder if folder.manifest().stopped_because not in {None, Stop.DISCARDED} else None


def _measured(order: Order, ssh: Ssh, logs: Path, listener: Listener) -> CampaignFolder:
    errand, workers = _errand(order)
    visit = Visit(
        ssh=ssh,
        errand=errand,
        workers=workers,
        sut_host=order.sut_host,
        parent=order.parent,
        out=order.out,
        going_on=order.going_on,
        logs=logs,
        listener=listener,
    )
    try:
        return visit.campaign()
    except (BenchError, OSError, KeyboardInterrupt) as error:
        visit.keep(error)
        raise


def _errand(order: Order) -> tuple[Errand, int]:
    """Return what is said to the other side, and how many workers drive: a campaign that goes on says it itself."""
    ours, folder = version("handlerbench"), f"{FOLDER}/{order.out.name}"
    if not order.goes_on:
        words = (*order.command, "--out", folder, *order.words)
        return Errand(version=ours, words=words, workers=order.workers, sut_host=order.sut_host), order.workers
    found = CampaignFolder.open(order.out)
    where, words = _elsewhere_of(found), (*order.command, "--resume", folder, *order.words)
    _, port = host_and_port(where.bind)
    errand = Errand(version=ours, words=words, sut_host=where.sut_host, master_port=port)
    return errand, found.manifest().workers


def _remove(order: Order, ssh: Ssh, listener: Listener) -> None:
    """Remove what is whole here from there; that it stays there is no reason not to judge it."""
    try:
        ssh.run(["rm", "-r", "--", f"{order.parent}/{order.out.name}"], limit_s=_REMOVE_LIMIT_S)
    except EnvironmentUnfitError as error:
        listener.note(f"the campaign is here, and still there too: {error}")


def _outcome(folder: CampaignFolder) -> CampaignOutcome:
    """Read what was brought. Raises StoreError where it is damaged."""
    folder.check()
    manifest = folder.manifest()
    folder.write_manifest(manifest.model_copy(update={"command": as_typed(manifest.command)}))
    results = judge_all(
        manifest.asked(), folder.trials(), skipped=manifest.skipped, alpha=manifest.alpha, rule=RULES[manifest.judge]
    )
    return CampaignOutcome(folder=folder, results=results, stopped_because=manifest.stopped_because or "")


def as_typed(command: str) -> str:
    """Return the command that was typed here, from that which was carried out there."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in ("--out", "--expect-workers", "--master-bind", "--sut-host"):
        parser.add_argument(name)
    parser.add_argument("--measure-only", action="store_true")
    said, words = parser.parse_known_args(shlex.split(command))
    driving = [] if said.expect_workers in {None, "1"} else ["--driver-workers", said.expect_workers]
    return shlex.join([*words, *driving, "--sut", "ssh://…"]) if said.measure_only else command
