"""The versions of an app that are measured: as its folder is, at a git reference, or in another folder.

A reference is checked out into a git worktree of its own in a temporary folder, and removed afterwards, also after
Ctrl-C. The user's own files are never touched. What git does not have (a local database, installed packages) is not in
a worktree: the interpreter and the env_file stay those of the settings, unless another interpreter is named.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from experiment.design.own_app import AppTarget
from experiment.errors import UsageError
from harness.system.scratch import scratch

_GIT_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the app. `name` is empty for the app as its settings have it."""

    name: str
    app: AppTarget
    prefix: str = ""  # of the app's folder in its git repository, e.g. shop/
    commit: str | None = None
    dirty: bool | None = None


def as_it_is(app: AppTarget, name: str = "") -> Version:
    """Return the version that lies in the app's folder, with what git says of it."""
    folder = app.directory
    inside = _git(folder, "rev-parse", "--show-prefix")
    if inside is None:
        return Version(name=name, app=app)
    commit, changed = _git(folder, "rev-parse", "HEAD"), _git(folder, "status", "--porcelain", "--", ".")
    return Version(
        name=name, app=app, prefix=inside, commit=commit or None, dirty=None if changed is None else bool(changed)
    )


@contextmanager
def version(asked: str, app: AppTarget, *, python: str | None = None) -> Iterator[Version]:
    """Own another version of the app for the time of the block: a folder as it is, or a git reference.

    A folder that exists is meant where no reference has that name. Raises UsageError when there is neither.
    """
    app = app if python is None else replace(app, python=python)
    is_ref = _commit_of(app.directory, asked) is not None
    if not is_ref and Path(asked).expanduser().is_dir():
        folder = Path(asked).expanduser().absolute()
        yield as_it_is(replace(app, directory=folder), name=_name_of(folder))
        return
    if not is_ref:
        raise UsageError(f"{asked!r} is neither a folder nor something that git knows in {app.directory}")
    with worktree(app.directory, asked) as made:
        yield Version(
            name=asked, app=replace(app, directory=made.folder), prefix=made.prefix, commit=made.commit, dirty=False
        )


def _name_of(folder: Path) -> str:
    return folder.name or "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worktree:
    """A checked-out reference: the app's folder in it, and that folder's place in the repository."""

    folder: Path
    prefix: str
    commit: str


@contextmanager
def worktree(folder: Path, ref: str) -> Iterator[Worktree]:
    """Check a reference out beside the user's files, and remove it when the block ends.

    Raises UsageError when git cannot, or when the app's folder is not in that version.
    """
    prefix, commit = _git(folder, "rev-parse", "--show-prefix") or "", _commit_of(folder, ref)
    if commit is None:
        raise UsageError(f"git knows no {ref!r} in {folder}")
    with scratch("version-") as home:
        try:
            made = home / "app"
            complaint = _complaint(folder, "worktree", "add", "--detach", "--force", str(made), commit)
            if complaint is not None:
                raise UsageError(f"git cannot check out {ref!r}: {complaint}")
            if not (made / prefix).is_dir():
                raise UsageError(f"{ref!r} has no folder {prefix}: the app was elsewhere then")
            yield Worktree(folder=made / prefix, prefix=prefix, commit=commit)
        finally:
            _complaint(folder, "worktree", "remove", "--force", "--force", str(home / "app"))
            _complaint(folder, "worktree", "prune")


def _commit_of(folder: Path, ref: str) -> str | None:
    if ref.startswith("-"):
        return None
    return _git(folder, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}") or None


def _git(folder: Path, *words: str) -> str | None:
    """Return what git prints, without the line's end; None when it fails or is not installed."""
    with suppress(OSError, subprocess.SubprocessError):
        done = _run(folder, words)
        return done.stdout.strip() if done.returncode == 0 else None
    return None


def _complaint(folder: Path, *words: str) -> str | None:
    """Run git; return the last line of what it complains of, or None."""
    try:
        done = _run(folder, words)
    except (OSError, subprocess.SubprocessError) as error:
        return str(error)
    lines = done.stderr.strip().splitlines()
    return None if done.returncode == 0 else (lines[-1] if lines else f"code {done.returncode}")


def _run(folder: Path, words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    # a session of its own: a Ctrl-C that ends us must not end git in the middle of removing
    return subprocess.run(
        ["git", "-C", str(folder), *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=_GIT_LIMIT_S,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
