"""`bench sut`: the app's side of a campaign that --sut began on another machine. ssh starts it, not people.

It is told on its standard input what to measure, and answers where it is (experiment/records/errand.py). When nothing
more comes from there, the connection is lost: what is being measured then ends as interrupted, and is kept.
"""

import argparse
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version

from experiment.errors import EnvironmentUnfitError, Exit, UsageError
from experiment.records.errand import AppSide, Errand, read_line
from experiment.records.manifest import LOOPBACK
from harness.campaign.workers import check_sut_host
from harness.system import interruption
from harness.system.places import python
from harness.system.process import die_with_parent, end_group, free_port

DESCRIPTION = """\
What --sut ssh://... starts on the app's machine: it measures there and draws
nothing. It is told what to do on its standard input, and ends with that."""

_TOLD_LIMIT_S = 30.0
_SILENCE_LIMIT_S = 60.0
_LOOK_AGAIN_S = 0.5
_END_LIMIT_S = 25.0
_LONGEST_LINE = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add none: what to do is said on the standard input."""


def run(_args: argparse.Namespace) -> int:
    """Measure what the errand says; return that command's exit code, or INTERRUPTED when nobody is there any more.

    Raises UsageError for another version's errand and an address that is not ours, EnvironmentUnfitError for no errand.
    """
    errand = read_line(Errand, _first_line(sys.stdin.fileno()), "the other side")
    if errand.version != version("handlerbench"):
        raise UsageError(
            f"this is handlerbench {version('handlerbench')}, and the other side is {errand.version}: install the same."
        )
    host = errand.sut_host or _address_of_connection()
    check_sut_host(host)
    side = AppSide(sut_host=host, master_port=errand.master_port or free_port())
    print(side.model_dump_json(), flush=True)
    return _measured([*errand.words, *_driving(errand, side)])


def _driving(errand: Errand, side: AppSide) -> list[str]:
    """Return the words that say who drives a new campaign: nobody here."""
    if errand.workers is None:
        return []
    where = ["--master-bind", f"{LOOPBACK}:{side.master_port}", "--sut-host", side.sut_host]
    return ["--expect-workers", str(errand.workers), *where]


def _address_of_connection() -> str:
    """Return the address of this machine at which ssh came in: sshd says it as the third of four words."""
    words = os.environ.get("SSH_CONNECTION", "").split()
    if len(words) != 4:  # noqa: PLR2004 - the client's address and port, and ours
        raise EnvironmentUnfitError("ssh does not say at which address it came in; name the app's with --sut-host.")
    return words[2]


def _first_line(descriptor: int) -> bytes:
    """Read what there is up to the end of a line, and no further: what follows is for the watch."""
    deadline, line = time.monotonic() + _TOLD_LIMIT_S, b""
    while not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
        if not select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))[0]:
            break
        if not (byte := os.read(descriptor, 1)):
            break
        line += byte
    if not line:
        raise EnvironmentUnfitError("nothing was said on the standard input: `--sut` starts this, over ssh.")
    return line


def _measured(words: Sequence[str]) -> int:
    """Run a command of `bench` to its end, or end it kindly when the other side has gone."""
    process = subprocess.Popen(  # ended below, whatever happens
        [*python("harness.commands.cli"), *words],
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - there is one thread
    )
    heard_t, has_ended = time.monotonic(), False
    try:
        while not (has_ended := process.poll() is not None) and time.monotonic() - heard_t < _SILENCE_LIMIT_S:
            interruption.check()
            if select.select([sys.stdin.fileno()], [], [], _LOOK_AGAIN_S)[0]:
                if not os.read(sys.stdin.fileno(), 4096):
                    break
                heard_t = time.monotonic()
    finally:
        end_group(process, patience_s=_END_LIMIT_S)
    if not has_ended:
        return Exit.INTERRUPTED
    if process.returncode < 0:
        raise EnvironmentUnfitError(f"what measured was ended by signal {-process.returncode}.")
    return process.returncode
