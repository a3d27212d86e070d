"""Other versions of an app: a git reference in a worktree of its own, gone afterwards, or a folder as it is."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from experiment.errors import UsageError
from harness.own_app.versions import as_it_is, version
from strangers import stranger

if TYPE_CHECKING:
    from pathlib import Path

    from experiment.design.own_app import AppTarget


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    return subprocess.run(
        ["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def app(tmp_path: Path) -> AppTarget:
    """An app in the folder backend/ of a repository: committed as version one, changed since."""
    repository = tmp_path / "repository"
    repository.mkdir()
    git(repository, "init", "-q", "-b", "main")
    stranger(repository / "backend", "version = 1\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "one")
    return stranger(repository / "backend", "version = 2\n")


def test_a_reference_is_checked_out_beside_the_user_s_files_and_removed(app: AppTarget) -> None:
    with version("main", app) as other:
        assert other.app.directory != app.directory
        assert (other.app.directory / "strange.py").read_text() == "version = 1\n"
        assert (other.name, other.prefix, other.commit) == ("main", "backend/", git(app.directory, "rev-parse", "main"))
        assert other.app.python == app.python
    assert not other.app.directory.exists()
    assert (app.directory / "strange.py").read_text() == "version = 2\n"
    assert len(git(app.directory, "worktree", "list").splitlines()) == 1


def test_a_worktree_is_removed_after_ctrl_c(app: AppTarget) -> None:
    with pytest.raises(KeyboardInterrupt), version("main", app) as other:
        raise KeyboardInterrupt
    assert not other.app.directory.exists()
    assert len(git(app.directory, "worktree", "list").splitlines()) == 1


def test_a_folder_is_taken_as_it_is(app: AppTarget, tmp_path: Path) -> None:
    stranger(tmp_path / "elsewhere", "version = 3\n")
    with version(str(tmp_path / "elsewhere"), app, python="python3") as other:
        assert (other.name, other.app.python, other.commit) == ("elsewhere", "python3", None)
        assert other.app.directory == tmp_path / "elsewhere"
    assert other.app.directory.exists()


def test_the_app_as_it_is_says_its_commit_and_whether_it_was_changed_since(app: AppTarget) -> None:
    found = as_it_is(app)
    assert (found.name, found.prefix, found.dirty) == ("", "backend/", True)
    assert found.commit == git(app.directory, "rev-parse", "HEAD")


@pytest.mark.parametrize("asked", ["nowhere", "--force", "HEAD~7"])
def test_what_is_neither_a_reference_nor_a_folder_is_refused(app: AppTarget, asked: str) -> None:
    with pytest.raises(UsageError, match="neither a folder nor something that git knows"), version(asked, app):
        pass


def test_a_version_without_the_app_s_folder_is_refused_and_leaves_nothing(app: AppTarget) -> None:
    repository = app.directory.parent
    git(repository, "checkout", "-q", "--orphan", "bare")
    git(repository, "rm", "-rqf", "--cached", ".")
    git(repository, "commit", "-qm", "nothing", "--allow-empty")
    git(repository, "checkout", "-qf", "main")
    with pytest.raises(UsageError, match="has no folder backend/"), version("bare", app):
        pass
    assert len(git(repository, "worktree", "list").splitlines()) == 1
