"""`--sut ssh://…` where it cannot be, and `bench sut`, the other side: with a stand-in for ssh, and real commands."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
import tarfile
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from documented_commands import ROOT
from experiment.errors import EnvironmentUnfitError, Exit, StoreError, UsageError
from harness.campaign.bringing import bring
from harness.campaign.over_ssh import as_typed
from harness.commands.cli import main, parser_for
from harness.commands.over_ssh import order_elsewhere
from harness.system.places import REFERENCE
from harness.system.ssh import Place, Ssh, connected, place_of
from ssh_hosts import STAND_IN, path_with, program, with_bench

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_S = 60.0
ERRAND = {"version": version("handlerbench"), "words": ["list", "claims", "--json"], "sut_host": "127.0.0.1"}


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the stand-in before the real one, and return the folder that is a home elsewhere."""
    home = tmp_path / "home"
    home.mkdir()
    program(tmp_path / "bin" / "ssh", STAND_IN)
    monkeypatch.setenv("PATH", path_with(tmp_path / "bin"))
    monkeypatch.setenv("FAR_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    return home


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = main(["run", "--claims", "A8", *words])
    return code, capsys.readouterr().err


def test_a_folder_that_is_not_there_is_named(ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said = refusal(capsys, "--sut", f"ssh://me@elsewhere{ssh}/nowhere")
    assert (code, said) == (Exit.ENVIRONMENT, f"bench: there is no folder {ssh}/nowhere on elsewhere.\n")


def test_a_machine_without_bench_is_told_where_to_install_it(
    ssh: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{ssh.parent / 'bin'}:/usr/bin:/bin")
    code, said = refusal(capsys, "--sut", "ssh://me@elsewhere")
    assert code == Exit.ENVIRONMENT
    assert said.startswith("bench: elsewhere has no `bench`: install this version of handlerbench there, in ./.venv")


def test_who_may_not_connect_is_told_in_sshs_own_words(ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ssh.is_dir()
    code, said = refusal(capsys, "--sut", "ssh://nobody@elsewhere")
    assert code == Exit.ENVIRONMENT
    assert "Permission denied (publickey)." in said


def test_another_version_there_is_refused(ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = json.dumps({**ERRAND, "version": "0.0.1"})
    command = f"cd {ROOT}; echo {shlex.quote(other)} | {sys.executable} -m harness.commands.cli sut"
    program(ssh / ".venv" / "bin" / "bench", f"#!/bin/sh\n{command}\n")
    code, said = refusal(capsys, "--sut", "ssh://me@elsewhere")
    assert code == Exit.USAGE
    assert said == (
        f"bench: elsewhere: this is handlerbench {version('handlerbench')}, and the other side is 0.0.1: install the "
        "same.\n"
    )


def test_what_is_refused_there_is_told_here_with_its_exit_code(ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with_bench(ssh)
    code, said = refusal(capsys, "--sut", "ssh://me@elsewhere", "--sut-host", "192.0.2.1")
    assert (code, said) == (Exit.USAGE, "bench: elsewhere: --sut-host: 192.0.2.1 is no address of this machine.\n")


def test_a_campaign_that_is_not_there_is_told_with_what_else_there_is(
    ssh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["run", "--resume", str(ssh.parent / "gone"), "--sut", "ssh://me@elsewhere"])
    said = capsys.readouterr().err
    assert code == Exit.USAGE
    assert said.startswith("bench: elsewhere has no campaign gone in ./results/elsewhere.")


def test_a_folder_that_is_there_already_is_left_alone(ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (ssh.parent / "mine").mkdir()
    code, said = refusal(capsys, "--sut", "ssh://me@elsewhere", "--out", "mine")
    assert code == Exit.USAGE
    assert "mine is there already" in said


def test_an_address_that_is_not_the_machines_is_not_loaded_at_its_word(
    ssh: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = json.dumps({"sut_host": "192.0.2.1", "master_port": 1})
    program(ssh / ".venv" / "bin" / "bench", f"#!/bin/sh\necho {shlex.quote(said)}; cat >/dev/null\n")
    code, told = refusal(capsys, "--sut", "ssh://me@elsewhere")
    assert code == Exit.ENVIRONMENT
    assert told.startswith(
        "bench: the app would be at 192.0.2.1, which is no address of elsewhere as it is known here."
    )
    code, told = refusal(capsys, "--sut", "ssh://me@elsewhere", "--sut-host", "127.0.0.1")
    assert (code, told) == (Exit.ENVIRONMENT, "bench: elsewhere would have 192.0.2.1 loaded instead of 127.0.0.1.\n")


def test_a_campaign_of_one_machine_is_not_gone_on_with_elsewhere(ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ssh.is_dir()
    code = main(["run", "--resume", str(REFERENCE), "--sut", "ssh://me@elsewhere"])
    assert code == Exit.USAGE
    assert "was measured on one machine: go on with it there, without --sut" in capsys.readouterr().err


def test_it_starts_its_workers_itself(ssh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ssh.is_dir()
    code, said = refusal(capsys, "--sut", "ssh://me@elsewhere", "--expect-workers", "2")
    assert code == Exit.USAGE
    assert "leave out --expect-workers" in said


def test_only_what_is_about_the_measurement_is_said_there() -> None:
    words = "run --claims A8 --workers 2 --sut ssh://me@elsewhere/srv --out x --json --seed 5 --markdown=y --budget 1m"
    args = parser_for(words.split()).parse_args(words.split())
    args.words = ["bench", *words.split()]
    order = order_elsewhere(args)
    assert order.command == ("run",)
    assert order.words == ("--measure-only", "--claims", "A8", "--seed", "5", "--budget", "1m")
    assert (order.workers, str(order.out), order.parent) == (2, "x", "/srv/results/elsewhere")


@pytest.mark.parametrize(
    ("there", "here"),
    [
        (
            "bench run --out elsewhere/x --measure-only --claims A8 --expect-workers 1 --master-bind 127.0.0.1:9",
            "bench run --claims A8 --sut 'ssh://…'",
        ),
        (
            "bench app run --out results/elsewhere/x --measure-only --expect-workers 3 --master-bind 127.0.0.1:9",
            "bench app run --driver-workers 3 --sut 'ssh://…'",
        ),
        ("bench run --out x --seed 5", "bench run --out x --seed 5"),
    ],
)
def test_a_manifest_names_the_command_that_was_typed(there: str, here: str) -> None:
    assert as_typed(there) == here


def test_of_an_own_app_the_servers_processes_are_said_there() -> None:
    words = "app try home --workers 2 --driver-workers 3 --sut ssh://elsewhere --junit x --style def"
    args = parser_for(words.split()).parse_args(words.split())
    args.words = ["bench", *words.split()]
    order = order_elsewhere(args)
    assert order.command == ("app", "try")
    assert order.words == ("--measure-only", "home", "--workers", "2", "--style", "def")
    assert order.workers == 3


def sut(told: bytes, **variables: str) -> subprocess.CompletedProcess[bytes]:
    """Run the other side, told this and nothing more."""
    return subprocess.run(
        [sys.executable, "-m", "harness.commands.cli", "sut"],
        input=told,
        cwd=ROOT,
        env={**os.environ, "SSH_CONNECTION": "", **variables},
        capture_output=True,
        timeout=LIMIT_S,
        check=False,
    )


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (b"", "nothing was said on the standard input"),
        (b"hello\n", "the other side said what this version does not know: must be JSON"),
        (b'{"words": ["list"]}\n', "the other side said what this version does not know: version: is missing"),
        (json.dumps({**ERRAND, "sut_host": "0.0.0.0"}).encode(), "0.0.0.0 stands for all of this machine's"),  # noqa: S104
        (json.dumps({**ERRAND, "sut_host": None}).encode(), "ssh does not say at which address it came in"),
    ],
)
def test_the_other_side_believes_nothing(told: bytes, said: str) -> None:
    ended = sut(told)
    assert ended.returncode in {Exit.USAGE, Exit.ENVIRONMENT}
    assert said in ended.stderr.decode()
    assert ended.stdout == b""


def test_the_other_side_says_where_it_is_and_ends_when_nobody_is_there_any_more() -> None:
    told = {**ERRAND, "words": ["worker", "--master", "127.0.0.1:1", "--wait", "10m"], "sut_host": None}
    begun = time.monotonic()
    ended = sut(json.dumps(told).encode() + b"\n", SSH_CONNECTION="192.0.2.7 40000 127.0.0.1 22")
    assert time.monotonic() - begun < LIMIT_S
    assert ended.returncode == Exit.INTERRUPTED
    side: dict[str, Any] = json.loads(ended.stdout.splitlines()[0])
    assert side["sut_host"] == "127.0.0.1"
    assert 0 < side["master_port"] < 65536


def test_words_arrive_as_they_are(ssh: Path) -> None:
    odd, printed = ["a b", "$HOME", "'", '"', "; exit 1", "*"], ssh / "printed"
    with connected(Place(host="elsewhere", user="me"), ssh / "ssh.log") as connection:
        connection.run(["printf", r"%s\n", *odd], limit_s=10, out=printed)
        assert printed.read_text(encoding="utf-8").splitlines() == odd
        with pytest.raises(EnvironmentUnfitError, match="elsewhere: false failed: code 1"):
            connection.run(["false"], limit_s=10)
        with pytest.raises(EnvironmentUnfitError, match=r"elsewhere: sleep did not end within 0\.2 s"):
            connection.run(["sleep", "5"], limit_s=0.2)


def archive(path: Path, name: str, kind: bytes = tarfile.REGTYPE) -> None:
    with tarfile.open(path, "w") as tar:
        member = tarfile.TarInfo(name)
        member.type, member.size = kind, 2 if kind == tarfile.REGTYPE else 0
        member.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE else ""
        tar.addfile(member, io.BytesIO(b"{}"))


@pytest.mark.parametrize("name", ["../mine/x", "/mine/x", "other/x", "mine/../../x"])
def test_a_file_outside_the_campaigns_folder_is_not_brought(ssh: Path, name: str) -> None:
    made, out = ssh / "made.tar", ssh.parent / "mine"
    archive(made, name)
    program(ssh.parent / "bin" / "tar", f"#!/bin/sh\ncat {made}\n")
    with (
        connected(Place(host="elsewhere"), ssh / "ssh.log") as connection,
        pytest.raises(EnvironmentUnfitError, match="a file outside its folder"),
    ):
        bring(connection, ".", out, ssh / "brought.tar")
    assert not out.exists()
    assert not list(ssh.parent.glob(".mine*"))


def test_a_link_is_not_brought(ssh: Path) -> None:
    made, out = ssh / "made.tar", ssh.parent / "mine"
    archive(made, "mine/link", tarfile.SYMTYPE)
    program(ssh.parent / "bin" / "tar", f"#!/bin/sh\ncat {made}\n")
    with connected(Place(host="elsewhere"), ssh / "ssh.log") as connection:
        bring(connection, ".", out, ssh / "brought.tar")
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("change", [{"seed": 2}, {"started_at": "2026-01-01T00:00:00+00:00"}])
def test_another_campaign_of_that_name_there_replaces_nothing(ssh: Path, change: dict[str, Any]) -> None:
    out = written(ssh.parent / "mine", trials=2)
    written(ssh / "mine", trials=3, **change)
    before = {path: path.read_bytes() for path in out.iterdir()}
    with (
        connected(Place(host="elsewhere"), ssh / "ssh.log") as connection,
        pytest.raises(StoreError, match="is another campaign than the folder of that name there"),
    ):
        bring(connection, ".", out, ssh / "brought.tar")
    assert {path: path.read_bytes() for path in out.iterdir()} == before


def test_more_of_the_same_campaign_replaces_less_and_never_the_other_way_round(ssh: Path) -> None:
    out, there = written(ssh.parent / "mine", trials=2), written(ssh / "mine", trials=3)
    with connected(Place(host="elsewhere"), ssh / "ssh.log") as connection:
        bring(connection, ".", out, ssh / "brought.tar")
        assert (out / "trials.csv").read_bytes() == (there / "trials.csv").read_bytes()
        written(ssh / "mine", trials=1)
        with pytest.raises(StoreError, match="has more trials than the folder of that name there"):
            bring(connection, ".", out, ssh / "brought.tar")


def written(folder: Path, *, trials: int, **change: Any) -> Path:
    """Write what `bring` looks at of a campaign."""
    folder.mkdir(exist_ok=True)
    manifest = {"format_version": 2, "campaign": "mine", "seed": 1, "started_at": "2026-11-29T00:00:00+00:00"}
    (folder / "manifest.json").write_text(json.dumps({**manifest, **change}), encoding="utf-8")
    (folder / "trials.csv").write_text("trial_id\n" + "t0001\n" * trials, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ssh://me@elsewhere", Place(host="elsewhere", user="me")),
        ("ssh://elsewhere:2222/srv/app", Place(host="elsewhere", port=2222, path="/srv/app")),
        ("ssh://me@10.0.0.5/", Place(host="10.0.0.5", user="me", path="/")),
        ("ssh://MyBox", Place(host="MyBox")),
        ("ssh://me@[fd00::5]:22/srv", Place(host="fd00::5", user="me", port=22, path="/srv")),
    ],
)
def test_a_place_is_read(text: str, found: Place, tmp_path: Path) -> None:
    assert place_of(text) == found
    words = Ssh(place=found, control=tmp_path / "control").command(["true"])
    assert words[0] == "ssh"
    assert shlex.split(words[-1]) == ["true"]


@pytest.mark.parametrize(
    "text",
    [
        *("", "elsewhere", "http://elsewhere", "ssh://", "ssh://-oProxyCommand=x", "ssh://-x@elsewhere", "ssh://a b@c"),
        *(
            "ssh://me:secret@elsewhere",
            "ssh://me:pa#secret@elsewhere",
            "ssh://elsewhere:port",
            "ssh://elsewhere/x?y",
            "ssh://[::1",
        ),
    ],
)
def test_what_is_no_place_is_refused_and_never_becomes_an_option(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        place_of(text)
    assert "secret" not in str(refused.value)
