"""The command line: errors a person can act on, and no traceback for a user's mistake."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, NoReturn

import pytest

from bench_app.catalogue import CATALOGUE
from experiment.design.claims import CLAIMS
from experiment.errors import Exit, UsageError
from harness.commands import app, run
from harness.commands.cli import COMMANDS, main
from harness.commands.words import claim_id, nearest, seconds

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
    assert "exit codes: 0 done" in said


def test_the_list_of_commands_loads_none_of_them() -> None:
    code = "import sys; from harness.commands.cli import main\ntry: main(['--help'])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(f"\n    {command}" in done.stdout for command in COMMANDS)
    assert not {"pandas", "rich", "fastapi"} & set(done.stdout.split())
