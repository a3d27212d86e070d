"""`bench app init` and `bench app inspect`, as a user calls them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from experiment.errors import Exit
from experiment.records.bench_file import read_bench_file
from harness.commands.app_inspect import measured_costs
from harness.commands.cli import main
from strangers import TRAPS, stranger

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an app, which is the current one; without a virtual environment."""
    stranger(tmp_path, TRAPS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: str, code: int = Exit.OK) -> str:
    assert main(["app", *words]) == code
    out, error = capsys.readouterr()
    assert "Traceback (most recent call last):" not in error
    return error if code else out


def test_init_writes_a_file_that_inspect_reads(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = said(capsys, "init", "strange:app", "--python", sys.executable)
    assert written.startswith("wrote handlerbench.toml: 2 requests ready, 2 to edit\n")
    file = read_bench_file(folder / "handlerbench.toml")
    assert [request.path for request in file.requests] == ["/plain", "/wrapped"]
    assert (file.app.directory, file.app.python) == (folder, sys.executable)
    text = said(capsys, "inspect")
    line = TRAPS.splitlines().index("    time.sleep(0.05)") + 1
    assert f"! strange.py:{line}: time.sleep in slow" in text
    assert max(map(len, text.splitlines())) <= 80


def test_inspect_as_json_has_the_findings_with_what_they_cost(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capsys, "inspect", "strange:app", "--python", sys.executable, "--json"))
    assert [route["path"] for route in found["routes"]] == ["/slow/{item}", "/plain", "/orders", "/wrapped"]
    blocking = next(each for each in found["findings"] if each["id"] == "blocking-call-in-async")
    assert (blocking["file"], blocking["claim"]) == ("strange.py", "A1")
    assert blocking["measured"] == measured_costs(["A1"])["A1"]
    assert folder.exists()


def test_init_says_as_json_what_it_wrote(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("init", "strange:app", "--python", sys.executable, "--file", "other.toml", "--json")
    written = json.loads(said(capsys, *words))
    assert written["ready"] == ["plain", "wrapped"]
    assert set(written["to_edit"]) == {"slow", "order"}
    assert (folder / "other.toml").exists()


def test_init_overwrites_nothing_without_force(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "handlerbench.toml"
    path.write_text("mine", encoding="utf-8")
    refusal = said(capsys, "init", "strange:app", "--python", sys.executable, code=Exit.USAGE)
    assert "handlerbench.toml is there already; --force overwrites it" in refusal
    assert path.read_text(encoding="utf-8") == "mine"
    said(capsys, "init", "strange:app", "--python", sys.executable, "--force")
    assert "strange:app" in path.read_text(encoding="utf-8")


def test_init_leaves_no_file_of_an_app_that_cannot_be_imported(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger(folder, "import none")
    refusal = said(capsys, "init", "strange:app", "--python", sys.executable, code=Exit.ENVIRONMENT)
    assert refusal.startswith(
        "bench: the app strange:app cannot be imported: ModuleNotFoundError: No module named 'none' (strange.py:1).\n"
    )
    assert not (folder / "handlerbench.toml").exists()


def test_paths_are_written_relative_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger(tmp_path / "src", TRAPS)
    python = tmp_path / "src" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    said(capsys, "init", "strange:app", "--directory", "src")
    text = (tmp_path / "handlerbench.toml").read_text(encoding="utf-8")
    assert 'python = "src/.venv/bin/python"\ndirectory = "src"\n' in text


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (["innit"], "there is no command 'innit'. Did you mean init? `bench app --help` shows them all."),
        (["init", "strange:app"], "there is no virtual environment (.venv, venv, env) in "),
        (["init", "strange.py:app", "--python", "p"], "target: must name a module, not a file"),
        (["init", "strange:app", "--python", "none/python"], "none/python; name the app's own with `python` in [app]"),
        (["init", "strange:app", "--python", "p", "--directory", "none"], "directory: there is no folder"),
        (["inspect"], "there is no handlerbench.toml; `bench app init TARGET` writes a handlerbench.toml"),
        (["inspect", "--python", "p", "--factory"], "--python and --factory go with TARGET"),
    ],
)
def test_what_is_wrong_with_a_call_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], refusal: str
) -> None:
    assert refusal in said(capsys, *words, code=Exit.USAGE)
    assert not (folder / "handlerbench.toml").exists()


@pytest.mark.parametrize("name", ["init", "inspect"])
def test_the_help_fits_a_terminal_of_80_columns(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit):
        main(["app", name, "--help"])
    said = capsys.readouterr().out
    assert "examples:" in said
    assert max(map(len, said.splitlines())) <= 80
