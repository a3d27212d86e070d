"""Odd places for a campaign, a page or a result are refused in one sentence that names them."""

from __future__ import annotations

import os
import pwd
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from experiment.errors import Exit, StoreError
from experiment.records.manifest import Manifest
from experiment.records.store import CampaignFolder
from experiment.records.writing import replaced, write_whole
from harness.commands import cli
from harness.system.refusals import explain, refusal_in
from postgres_servers import open_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def a_file(place: Path) -> Path:
    (place / "file").write_text("theirs")
    return place / "file"


def a_dangling_link(place: Path) -> Path:
    (place / "link").symlink_to(place / "nowhere")
    return place / "link"


def a_loop(place: Path) -> Path:
    (place / "one").symlink_to(place / "two")
    (place / "two").symlink_to(place / "one")
    return place / "one"


# Where a campaign may not go, and what is said of it.
PLACES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a file": (a_file, "file: what should be a folder is none"),
    "inside a file": (lambda p: a_file(p) / "campaign", "campaign: what should be a folder is none"),
    "a name of 300 characters": (lambda p: p / ("n" * 300), "...: the name is too long"),
    "a link that leads nowhere": (a_dangling_link, "link: something else is there already"),
    "links in a circle": (a_loop, "one: symbolic links lead round in a circle"),
    "a device": (lambda _: Path("/dev/null"), "/dev/null: what should be a folder is none"),
}


@pytest.fixture(autouse=True)
def measuring_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.campaign.run.missing_variants", lambda _: {})


@pytest.mark.parametrize("name", PLACES)
def test_an_odd_place_for_a_campaign_is_refused(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, said = PLACES[name]
    out = make(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert cli.main(["run", "--claims", "A9", "--quiet", "--out", str(out)]) == Exit.ENVIRONMENT
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bench: ")
    assert said in line
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("out", ["", "/", "a\udcffb", "a\nb"])
def test_a_name_that_is_none_is_refused(out: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", "--claims", "A9", "--quiet", "--out", out]) == Exit.USAGE
    assert "is no name for a folder" in capsys.readouterr().err


def test_a_folder_that_holds_something_is_not_touched(tmp_path: Path) -> None:
    a_file(tmp_path)
    with pytest.raises(StoreError, match="is not empty"):
        CampaignFolder.create(tmp_path, Manifest(campaign="c"))
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("held", "advice"),
    [
        (["file"], "choose another --out."),
        (["manifest.json"], "go on with the campaign in it by `bench run --resume '{}'`."),
        (["manifest.json", "app.json"], "go on with the campaign in it by `bench app run --resume '{}'`."),
    ],
)
def test_a_used_folder_is_gone_on_with_by_the_command_that_measured_it(
    held: list[str], advice: str, tmp_path: Path
) -> None:
    used = tmp_path / "of two words"
    used.mkdir()
    for name in held:
        (used / name).touch()
    with pytest.raises(StoreError) as refused:
        CampaignFolder.create(used, Manifest(campaign="c"))
    assert str(refused.value).endswith(advice.format(used))


@contextmanager
def as_an_ordinary_user() -> Iterator[Path]:
    """Be nobody, if root, for whom permissions mean nothing; yield a folder of that user's."""
    folder, us = open_folder(), os.geteuid()
    try:
        if us == 0:
            os.seteuid(pwd.getpwnam("nobody").pw_uid)
        yield folder
    finally:
        os.seteuid(us)
        shutil.rmtree(folder)


@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_a_closed_folder_is_named_and_stays_as_it_is(mode: int) -> None:
    with as_an_ordinary_user() as folder:
        (folder / "closed").mkdir(mode=mode)
        with pytest.raises(PermissionError) as caught:
            CampaignFolder.create(folder / "closed" / "campaign", Manifest(campaign="c"))
        with pytest.raises(PermissionError) as again:
            write_whole(folder / "closed" / "page", "ours")
        (folder / "closed").chmod(0o700)
        assert list((folder / "closed").iterdir()) == []
    for error, name in ((caught, "campaign"), (again, "page")):
        assert explain(error.value).startswith(f"{folder}/closed/{name}: permission denied; change its owner")


class TestWritingWhole:
    def test_what_a_link_leads_to_is_replaced_and_not_the_link(self, tmp_path: Path) -> None:
        link = tmp_path / "link"
        link.symlink_to(a_file(tmp_path))
        write_whole(link, "ours")
        assert link.is_symlink()
        assert (tmp_path / "file").read_text() == "ours"

    def test_a_device_stays_a_device(self) -> None:
        write_whole(Path("/dev/null"), "ours")
        assert Path("/dev/null").is_char_device()

    def test_a_pipe_that_nobody_reads_is_not_waited_for(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(OSError, match="No such device") as caught:
            write_whole(tmp_path / "pipe", "ours")
        assert explain(caught.value) == f"{tmp_path}/pipe: nobody reads from there; name a file."

    @pytest.mark.parametrize(
        ("place", "said"),
        [("folder", "what should be a file is a folder"), ("none/file", "there is no such file or folder")],
    )
    def test_what_cannot_be_written_is_named_as_it_was_given(self, place: str, said: str, tmp_path: Path) -> None:
        (tmp_path / "folder").mkdir()
        with pytest.raises((IsADirectoryError, FileNotFoundError)) as caught:
            write_whole(tmp_path / place, "ours")
        assert explain(caught.value).startswith(f"{tmp_path}/{place}: {said}; ")
        assert list(tmp_path.rglob(".*")) == []

    def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(self, tmp_path: Path) -> None:
        old = a_file(tmp_path)
        with suppress(KeyboardInterrupt), replaced(old) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt
        assert [path.name for path in tmp_path.iterdir()] == ["file"]
        assert old.read_text() == "theirs"

    def test_a_full_disk_is_named(self) -> None:
        with pytest.raises(OSError, match="No space") as caught:
            write_whole(Path("/dev/full"), "ours")
        assert explain(caught.value) == "/dev/full: the disk is full; free some space there."


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "no memory is left: end other programs, or use a machine with more."),
        (OSError(12345, "Quite unheard of", "x"), "x: Quite unheard of; that is all the system says."),
        (OSError("no number"), "no number; that is all the system says."),
        (OSError(28, "No space left", "a\x1b[31m\nb"), "a\\x1b[31m\\nb: the disk is full; free some space there."),
    ],
)
def test_every_error_of_the_system_has_a_sentence(error: Any, said: str) -> None:
    assert explain(error) == said


@pytest.mark.parametrize(
    ("error", "is_refused"),
    [(OSError(28, "x"), True), (MemoryError(), True), (RuntimeError("can't start new thread"), True),
     (RuntimeError("else"), False), (KeyError("x"), False)],
)  # fmt: skip
def test_what_the_system_refuses_is_told_from_faults_of_ours(error: Exception, *, is_refused: bool) -> None:
    assert (refusal_in(error) is not None) is is_refused
