"""A campaign's folder brought from another machine, over a connection that stands."""

import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from experiment.errors import EnvironmentUnfitError, StoreError
from experiment.records.store import TRIALS, CampaignFolder
from harness.system import interruption
from harness.system.ssh import Ssh

_LIMIT_S = 600.0
_LOOK_LIMIT_S = 30.0


def is_there(ssh: Ssh, parent: str, name: str, answer: Path) -> bool:
    """Say whether there is such a folder. Raises EnvironmentUnfitError where the connection does not answer."""
    words = ["sh", "-c", 'test -d "$1" && echo yes || echo no', "sh", f"{parent}/{name}"]
    ssh.run(words, limit_s=_LOOK_LIMIT_S, out=answer)
    return answer.read_bytes().strip() == b"yes"


def beside(out: Path) -> Path:
    """Return where a campaign is unpacked before it takes its place."""
    return out.with_name(f".{out.name}.coming")


def bring(ssh: Ssh, parent: str, out: Path, archive: Path) -> None:
    """Copy the folder of `out`'s name from `parent` there to `out`, of which there may be a part already.

    `archive` is a file to use meanwhile. Raises EnvironmentUnfitError when it does not come whole, StoreError when
    `out` is another campaign, or has more of it; then it stays as it was.
    """
    ssh.run(["tar", "-C", parent, "-czf", "-", "--", out.name], limit_s=_LIMIT_S, out=archive)
    fresh, old = beside(out), out.with_name(f".{out.name}.old")
    with interruption.deferred():
        for path in (fresh, old):
            shutil.rmtree(path, ignore_errors=True)
        fresh.mkdir(parents=True)
        try:
            _unpack(archive, out.name, fresh)
            if out.exists():
                _check_same(out, fresh)
                out.rename(old)
            fresh.rename(out)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _check_same(here: Path, there: Path) -> None:
    """Refuse to put another campaign, or less of this one, in a campaign's place. Raises StoreError."""
    ours, theirs = CampaignFolder.open(here).manifest(), CampaignFolder.open(there).manifest()
    if (ours.started_at, ours.seed, ours.campaign) != (theirs.started_at, theirs.seed, theirs.campaign):
        raise StoreError(f"{here} is another campaign than the folder of that name there; both stay as they are.")
    if _rows(here) > _rows(there):
        raise StoreError(f"{here} has more trials than the folder of that name there; both stay as they are.")


def _rows(folder: Path) -> int:
    path = folder / TRIALS
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _unpack(archive: Path, name: str, into: Path) -> None:
    """Unpack folders and files, and nothing else, below `into`."""
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                _write(tar, member, into.joinpath(*_inside(member.name, name)))
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise EnvironmentUnfitError(f"the campaign did not come whole: {error}") from None


def _inside(path: str, name: str) -> tuple[str, ...]:
    """Return the parts of a member's path below the campaign's folder. Raises EnvironmentUnfitError outside it."""
    first, *rest = PurePosixPath(path).parts or ("",)
    if first != name or ".." in rest:
        raise EnvironmentUnfitError(f"the campaign came with a file outside its folder: {path[:80]!r}.")
    return tuple(rest)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    if member.isdir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700 | member.mode & 0o777)  # logs/ is its owner's alone
        return
    source = tar.extractfile(member) if member.isfile() else None
    if source is not None:  # links and devices are no part of a campaign
        path.parent.mkdir(parents=True, exist_ok=True)
        with source, path.open("wb") as file:
            shutil.copyfileobj(source, file)
