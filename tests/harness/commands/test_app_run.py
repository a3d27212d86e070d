"""The words of `bench app run` and `bench app try` become an order, or an error in words."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pytest

from experiment.design.factors import ServerConfig, server
from experiment.errors import UsageError
from experiment.records.manifest import Elsewhere
from harness.commands import app_run, app_try
from harness.commands.app_run import margin_of
from harness.commands.app_try import change_of
from harness.own_app.order import AppOrder

FILE = f"""
[app]
target = "strange:app"
python = "{sys.executable}"

[[request]]
id = "home"
path = "/"
"""


def tried(*words: str) -> ServerConfig:
    parser = argparse.ArgumentParser()
    app_try.add_arguments(parser)
    return change_of(parser.parse_args(["home", *words]))


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    app_run.add_arguments(parser)
    args = parser.parse_args(words)
    args.words = ["bench", "app", "run", *words]
    return app_run.run(args)


@pytest.mark.parametrize(
    ("words", "config"),
    [
        (["--style", "def"], server(style="def")),
        (["--tokens", "100"], server(thread_tokens=100)),
        (["--workers", "2"], server(workers=2, cores="all")),
        (["--loop", "asyncio"], server(loop="asyncio")),
        (["--without-middleware", "GZip"], server(without_middleware="GZip")),
        (["--style", "def", "--tokens", "80"], server(style="def", thread_tokens=80)),
    ],
)
def test_what_is_tried_is_a_server_that_differs(words: list[str], config: ServerConfig) -> None:
    assert tried(*words) == config


@pytest.mark.parametrize(
    ("words", "said"),
    [([], "say what to try"), (["--workers", "1"], "say what to try"), (["--loop", "uvloop"], "asyncio")],
)
def test_trying_what_is_so_already_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        tried(*words)


@pytest.mark.parametrize(("gates", "margin"), [([], 0.1), (["worse:5%"], 0.05), (["blocks", "worse:20%"], 0.2)])
def test_versions_are_the_same_within_the_margin_of_the_gate(gates: list[str], margin: float) -> None:
    assert margin_of(gates) == pytest.approx(margin)


@pytest.mark.parametrize("gate", ["slower", "worse", "worse:10", "blocks:1", "worse:200%"])
def test_what_is_no_gate_is_refused_before_anything_is_measured(gate: str) -> None:
    with pytest.raises(UsageError):
        margin_of([gate])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--against-python", "python3"], "--against names"),
        (["--requests", "hom"], "Did you mean home"),
        (["--resume", "there", "--requests", "home"], "leave out --out and --requests"),
        (["--resume", "there", "--driver-workers", "2"], "with the same workers: leave them out"),
        (["--against", "nowhere"], "neither a folder nor something that git knows"),
    ],
)
def test_words_that_do_not_go_together_are_refused(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "handlerbench.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=said):
        run(*words)
    assert [path.name for path in tmp_path.iterdir()] == ["handlerbench.toml"]


def test_another_interpreter_than_the_files_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "handlerbench.toml").write_text(FILE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    asked: list[AppOrder] = []
    monkeypatch.setattr(app_run, "measured", lambda _args, order, **_how: asked.append(order))
    monkeypatch.setattr(app_run, "conclude", lambda *_finished: 0)
    for words in ([], ["--python", "env/bin/python"], ["--python", "python3"]):
        run(*words)
    assert [order.file.app.python for order in asked] == [sys.executable, str(tmp_path / "env/bin/python"), "python3"]


def test_who_drives_is_a_word_of_its_own_beside_the_apps_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "handlerbench.toml").write_text(FILE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    asked: list[AppOrder] = []
    monkeypatch.setattr(app_run, "measured", lambda _args, order, **_how: asked.append(order))
    monkeypatch.setattr(app_run, "conclude", lambda *_finished: 0)
    for words in ([], ["--driver-workers", "2"], ["--expect-workers", "3", "--sut-host", "::1"]):
        run(*words)
    found = Elsewhere(bind="127.0.0.1:5557", sut_host="::1")
    assert [(order.workers, order.elsewhere) for order in asked] == [(0, None), (2, None), (3, found)]
    assert tried("--workers", "2", "--driver-workers", "4") == server(workers=2, cores="all")
