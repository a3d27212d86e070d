"""Workers that others start: where they may find master and app, what their user is told, what a manifest records."""

import ipaddress
from collections.abc import Sequence

from analysis.wording.words import plural
from experiment.errors import UsageError
from experiment.records.driver_protocol import WorkerFacts
from experiment.records.manifest import Elsewhere, Manifest
from harness.campaign.events import Listener
from harness.system.process import free_port
from harness.trial.driver import COME_LIMIT_S


def check_addresses(elsewhere: Elsewhere) -> None:
    """Refuse addresses that are not this machine's, and an app that workers elsewhere cannot reach.

    Raises UsageError.
    """
    master, _ = host_and_port(elsewhere.bind)
    _check_ours("--master-bind", master)
    check_sut_host(elsewhere.sut_host)
    sut = ipaddress.ip_address(elsewhere.sut_host)
    if sut.is_loopback and not ipaddress.ip_address(master).is_loopback:
        raise UsageError(
            f"workers in another network cannot reach an app that listens on {sut}: name the address of this machine "
            "that they reach with --sut-host ADDRESS. The app then listens there, and nothing else is loaded."
        )


def check_sut_host(host: str) -> None:
    """Refuse an app's address that is not this machine's, and one that stands for all of them. Raises UsageError."""
    _check_ours("--sut-host", host)
    if ipaddress.ip_address(host).is_unspecified:
        raise UsageError(f"--sut-host is one address that the workers ask; {host} stands for all of this machine's.")


def _check_ours(option: str, host: str) -> None:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise UsageError(
            f"{option} takes an IP address of this machine, such as 10.0.0.5, not {host[:60]!r}."
        ) from None
    try:
        free_port(host)
    except OSError:
        raise UsageError(f"{option}: {host} is no address of this machine.") from None


def host_and_port(bind: str) -> tuple[str, int]:
    """Part HOST:PORT at its last colon."""
    host, _, port = bind.rpartition(":")
    return host, int(port)


def joining(elsewhere: Elsewhere) -> str:
    """Return the command that starts a worker elsewhere (pure)."""
    host, port = host_and_port(elsewhere.bind)
    own = elsewhere.sut_host if ipaddress.ip_address(host).is_unspecified else host
    shown = f"[{own}]:{port}" if ":" in own else f"{own}:{port}"
    named = "" if own == elsewhere.sut_host else f" --sut-host {elsewhere.sut_host}"
    return f"bench worker --master {shown}{named}"


def tell_of_workers(count: int, elsewhere: Elsewhere | None, listener: Listener) -> None:
    """Say how to start the workers that are waited for next, if others start them. Raises as `check_addresses` does."""
    if elsewhere is not None:
        try:
            check_addresses(elsewhere)
        except UsageError as error:
            raise UsageError(f"{error} A campaign that was begun with --sut is gone on with by --sut, too.") from None
        listener.note(
            f"waiting at most {COME_LIMIT_S:g} s for {plural(count, 'worker')}; start each with: {joining(elsewhere)}"
        )


def with_machines(manifest: Manifest, came: Sequence[WorkerFacts], listener: Listener) -> Manifest:
    """Return a manifest with the machines of the workers that came from elsewhere, and say which came."""
    if manifest.elsewhere is None:
        return manifest
    named = [f"{worker.pid} on {worker.host}" for worker in came]
    listener.note(f"{plural(len(came), 'worker')} came: {', '.join(named)}")
    machines = tuple(sorted({worker.host for worker in came}))
    return manifest.model_copy(update={"elsewhere": manifest.elsewhere.model_copy(update={"machines": machines})})
