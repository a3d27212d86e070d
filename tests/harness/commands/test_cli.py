"""The command line: errors a person can act on, and no traceback for a user's mistake."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, NoReturn

import pytest

from bench_app.catalogue import CATALOGUE
from experiment.design.claims import CLAIMS
from experiment.design.profiles import PROFILES
from experiment.errors import EXIT_MEANINGS, Exit, UsageError
from harness.commands import app, run
from harness.commands.cli import COMMANDS, main, new_parser
from harness.commands.parsing import add_all
from harness.commands.words import claim_id, nearest, seconds, spoken
from real_servers import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from harness.campaign.run import RunSpec


def _fails(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(list(words)) == Exit.USAGE
    error = capsys.readouterr().err
    assert "Traceback" not in error
    return error


def test_an_unknown_command_gets_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Did you mean report?" in _fails(capsys, "reprot", "x")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "say what to do: list, run, "),
        (["app"], "the following arguments are required: COMMAND\nusage: bench app"),
        (
            ["run", "--profiel", "open"],
            "`bench run` has no option --profiel. Did you mean --profile? `bench run --help`",
        ),
        (["app", "run", "--requets=a"], "`bench app run` has no option --requets. Did you mean --requests?"),
        (
            ["report", "here", "--verbose"],
            "`bench report` has no option --verbose. `bench report --help` shows them all.",
        ),
        (["--json", "list"], "--json stands before the command; options stand after it: bench list --json"),
        (["report", "a", "b"], "'b' is a word too many for `bench report`.\nusage: bench report [-h] DIR"),
        (["app", "rnu"], "there is no command 'rnu'. Did you mean run? `bench app --help` shows them all."),
        (["sweep", "sleep.deff"], "no variant 'sleep.deff'. Did you mean sleep.def? `bench list variants` shows"),
        (["sweep", "sleep.def", "--users", "0,20"], "'0,20' is no list of numbers of users from 1 to 1000"),
        (["sweep", "sleep.def", "--waits", "5,50"], "'5,50' is no list of waits of whole milliseconds from 1ms to 5s"),
        (["sweep", "sleep.def", "--waits", "0.5ms"], "'0.5ms' is no list of waits of whole milliseconds"),
        (["sweep", "sleep.def", "--tokens", "many"], "'many' is no list of sizes of the thread pool from 1 to 1000"),
        (["sweep", "sleep.def", "--rates", "9", "--users", "9"], "--rates is for an open load, the other options"),
        (["sweep", "http.def.session", "--waits", "5ms"], "how long http.def.session waits cannot be set"),
        (["sweep", "sleep.def", "--cpus", "0.5us"], "'0.5us' is no list of CPU times of whole microseconds"),
        (["sweep", "sleep.def", "--cpus", "1s"], "'1s' is no list of CPU times of whole microseconds from 1us"),
        (["sweep", "noop.def", "--cpus", "1ms"], "how much CPU noop.def uses cannot be set"),
        (["sweep", "sleep.def", "--cpus", "1ms", "--users", "1,20"], "with it, give --users one number"),
        (["run", "--profile", "sweep"], "the profile sweep has no claims; it is that of `bench sweep`"),
        (["serve", "--port", "70000"], "'70000' is no port; ports go from 1 to 65535"),
        (["serve", "--sut-host", "0.0.0.0"], "stands for all of this machine's"),  # noqa: S104 - which is refused
        (["serve", "--sut-host", "app.example"], "takes an IP address of this machine"),
        (["app", "try", "home", "--style", "deff"], "there is no style 'deff'. Did you mean def?"),
        (["app", "run", "--seed", "x"], "'x' is no whole number of at most 18 digits"),
        (["compare", "a", "b", "--metric", "godput_rps"], "'godput_rps' cannot be compared. Did you mean goodput_rps?"),
    ],
)
def test_what_is_wrong_with_a_call_is_said(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    error = _fails(capsys, *words)
    assert error.startswith("bench: ")
    assert said in error


def test_commands_go_by_any_case(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["APP", "Run", "--help"])
    assert capsys.readouterr().out.startswith("usage: bench app run")


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("A01", " Did you mean A1?"),
        ("A7z", " Did you mean A7 or A7b?"),
        ("A-7b", " Did you mean A7 or A7b?"),
        ("27", " Did you mean B27?"),
        ("C1", " Did you mean A1 or B1?"),
        ("A22", " Did you mean B22 or B22b?"),
        ("A99", ""),
        ("one-thread", " Did you mean one-thread-many-requests?"),
        ("weather_as_writen", " Did you mean weather-as-written?"),
        ("everything", " Did you mean everything-async?"),
    ],
)
def test_an_id_is_near_to_those_of_its_number_only(typed: str, hint: str) -> None:
    with pytest.raises(UsageError) as error:
        claim_id(typed)
    assert str(error.value) == f"there is no claim {typed!r}.{hint} `bench list claims` shows them all."


def test_an_unknown_claim_gets_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Did you mean blocking-freezes-everyone?" in _fails(capsys, "claim", "blocking-freezes-everybody")


def test_an_unknown_profile_gets_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Did you mean article?" in _fails(capsys, "run", "--profile", "artikel")


def test_a_duration_that_is_none_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert "write 90s, 5m or 1h" in _fails(capsys, "run", "--budget", "soon")


def test_a_report_of_no_campaign_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "holds no campaign" in _fails(capsys, "report", str(tmp_path))


def test_resume_and_claims_exclude_each_other(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "leave out --claims" in _fails(capsys, "run", "--resume", str(tmp_path), "--claims", "A1")


def test_what_a_campaign_measures_is_not_changed_by_resuming_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    for option in (["--seed", "0"], ["--rounds", "2"], ["--budget", "5m"], ["--profile", "article"], ["--all-rounds"]):
        said = _fails(capsys, "run", "--resume", str(tmp_path), *option)
        assert said.endswith(f"by its own manifest: leave out {option[0]}.\n")


@pytest.mark.parametrize("words", [["--claims", ""], ["--claims", " , "], ["--seed", "9" * 30], ["--seed", "1_0"]])
def test_a_word_that_names_nothing_is_an_error(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert f"argument {words[0]}" in _fails(capsys, "run", *words)


@pytest.mark.parametrize("words", [["--rounds", "9" * 30], ["--rounds", "²"], ["--budget", "9" * 400 + "h"]])
def test_a_bound_that_never_ends_is_an_error(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert f"argument {words[0]}" in _fails(capsys, "run", *words)


def test_all_rounds_is_ordered_and_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    class _Ordered(BaseException):  # an Exception would be told as a fault of ours
        pass

    def ordered(order: RunSpec, _listener: object) -> NoReturn:
        raise _Ordered(order.all_rounds)

    monkeypatch.setattr(run, "run_new", ordered)
    for words, expected in ((["--all-rounds"], True), ([], False)):
        with pytest.raises(_Ordered, match=str(expected)):
            main(["run", "--quiet", "--out", "nowhere", *words])


@pytest.mark.parametrize("name", ["A1", "a1", "wrong-style-tanks-throughput"])
def test_a_claim_goes_by_id_or_slug(name: str) -> None:
    assert claim_id(name) == "A1"


def test_nothing_near_is_no_suggestion() -> None:
    with pytest.raises(UsageError) as error:
        nearest("zzzz", ["article", "smoke"], "profile")
    assert "Did you mean" not in str(error.value)


def test_durations_are_spoken_in_minutes_and_seconds() -> None:
    assert [spoken(s) for s in (0, 45, 60, 400)] == ["0 s", "45 s", "1 min", "6 min 40 s"]


def test_durations_have_units() -> None:
    assert [seconds(t) for t in ("90", "90s", "5m", "1.5h")] == [90, 90, 300, 5400]


def test_list_as_json_names_every_variant_and_claim(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--json"]) == Exit.OK
    listed = json.loads(capsys.readouterr().out)
    assert [v["id"] for v in listed["variants"]] == list(CATALOGUE)
    assert [c["id"] for c in listed["claims"]] == list(CLAIMS)


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    groups = [("app", name) for name in app.COMMANDS]
    for words in [*((name,) for name in COMMANDS), *groups]:
        with pytest.raises(SystemExit) as left:
            main([*words, "--help"])
        assert left.value.code == Exit.OK
        assert f"usage: bench {' '.join(words)}" in capsys.readouterr().out


def test_a_group_lists_its_commands_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["app", "--help"])
    said = capsys.readouterr().out
    assert all(f"\n    {name}" in said for name in app.COMMANDS)
    assert "\n    0  done\n" in said


def test_the_help_has_every_exit_code_in_plain_words(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    said = capsys.readouterr().out
    assert set(EXIT_MEANINGS) == set(Exit)
    assert all(f"\n  {code:>3}  {meaning}\n" in said for code, meaning in EXIT_MEANINGS.items())
    page = (ROOT / "docs" / "reliability-endings.md").read_text(encoding="utf-8")
    assert all(f"\n| {code} | {meaning}" in page for code, meaning in EXIT_MEANINGS.items())


def test_every_help_fits_a_terminal_of_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    parser = new_parser()
    for each in add_all(parser, COMMANDS):
        each.print_help()
        said = capsys.readouterr().out
        assert max(map(len, said.splitlines())) <= 80, each.prog
        assert each.description, each.prog
        assert not re.search(r"%%|%\(", said), each.prog


def test_the_help_of_run_names_every_profile(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    for profile in PROFILES.values():
        assert f"{profile.name} at most {spoken(profile.budget_s)}: {profile.summary}" in said


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert (left.value.code, capsys.readouterr().out) == (Exit.OK, f"bench {version('handlerbench')}\n")


def test_run_as_a_module_it_calls_itself_bench() -> None:
    module = [sys.executable, "-m", "harness.commands.cli"]
    for words in ([], ["app"], ["app", "run"], ["list"]):
        done = subprocess.run([*module, *words, "--help"], capture_output=True, text=True, check=True)
        assert done.stdout.startswith(" ".join(["usage: bench", *words]))
        assert "cli.py" not in done.stdout


def test_the_list_of_commands_loads_none_of_them() -> None:
    code = "import sys; from harness.commands.cli import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(f"\n    {command}" in done.stdout for command in COMMANDS)
    assert not {"pandas", "rich", "fastapi"} & set(done.stdout.split())
