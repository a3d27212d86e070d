"""Another machine that ssh reaches: a network of its own with a real sshd in it, or a stand-in for ssh itself."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from documented_commands import ROOT
from networks import Network, RefusedError, network

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 2222
_SSHD = "/usr/sbin/sshd"
_LIMIT_S = 20.0
_SERVER = """\
ListenAddress {address}:{port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/user.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
SetEnv TMPDIR={folder}
"""
_CLIENT = """\
Host *
  IdentityFile {folder}/user
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known
"""
STAND_IN = """#!/bin/sh
# a connection that stays, a port that is forwarded, or a command to carry out: the last word, by a shell as sshd does
for last; do :; done
control=
while [ $# -gt 0 ]; do
  case $1 in
    -o|-p) shift ;;
    -S) control=$2; shift ;;
    -O) exit 0 ;;
    -G) echo "hostname 127.0.0.1"; exit 0 ;;
    -N) [ "$last" = nobody@elsewhere ] && { echo "Permission denied (publickey)." >&2; exit 255; }
        : >"$control"; exec sleep 60 ;;
  esac
  shift
done
cd "$FAR_HOME" || exit 9
SSH_CONNECTION="127.0.0.1 40000 127.0.0.1 22" exec sh -c "exec $last"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine elsewhere: how ssh names it, a folder there with this version's bench, and the network it is in."""

    url: str
    folder: Path
    network: Network

    def processes(self) -> list[int]:
        """Return the pids of what runs there, but for sshd."""
        listed = subprocess.run(
            ["ip", "netns", "pids", self.network.namespace],
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=True,
        )
        found = [int(word) for word in listed.stdout.split()]
        return [pid for pid in found if not _name(pid).startswith("sshd")]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8")
    except OSError:
        return "sshd"  # it has ended: nothing that runs there


def program(path: Path, text: str) -> None:
    """Write an executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def with_bench(folder: Path) -> Path:
    """Make a folder as a checkout of this version is: its .venv has bench."""
    words = f'PYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m harness.commands.cli "$@"'
    program(folder / ".venv" / "bin" / "bench", f"#!/bin/sh\n{words}\n")
    return folder


@contextmanager
def host(tmp: Path) -> Iterator[Host]:
    """Run a machine elsewhere; its ssh must come first on the PATH (`tmp`/bin). Raises RefusedError."""
    if not Path(_SSHD).exists() or shutil.which("ssh-keygen") is None:
        raise RefusedError("there is no sshd here")
    with network() as joined, _sshd(joined, tmp):
        there = with_bench(tmp / "there")
        yield Host(url=f"ssh://root@{joined.there}:{PORT}{there}", folder=there, network=joined)


@contextmanager
def _sshd(joined: Network, tmp: Path) -> Iterator[None]:
    folder = tmp / "ssh"
    folder.mkdir()
    for name in ("host", "user"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(words, check=True, timeout=_LIMIT_S)
    (folder / "server.conf").write_text(
        _SERVER.format(address=joined.there, port=PORT, folder=folder), encoding="utf-8"
    )
    (folder / "client.conf").write_text(_CLIENT.format(folder=folder), encoding="utf-8")
    key = (folder / "host.pub").read_text(encoding="utf-8")
    (folder / "known").write_text(f"[{joined.there}]:{PORT} {key}", encoding="utf-8")
    program(tmp / "bin" / "ssh", f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/client.conf "$@"\n')
    Path("/run/sshd").mkdir(exist_ok=True)
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen(
            [*joined.inside, _SSHD, "-D", "-e", "-f", str(folder / "server.conf")], stdout=log, stderr=log
        )
    try:
        _await(joined.there)
        yield
    finally:
        process.terminate()
        process.wait(_LIMIT_S)


def _await(address: str) -> None:
    deadline = time.monotonic() + _LIMIT_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection((address, PORT), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RefusedError("sshd does not answer")


def path_with(folder: Path) -> str:
    """Return the PATH on which this folder's programs come first."""
    return f"{folder}{os.pathsep}{os.environ['PATH']}"
