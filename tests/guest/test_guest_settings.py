"""What the guest reads from its variables, and what it needs of Python and of libraries."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from handlerbench_guest.settings import SettingsError, read_settings
from handlerbench_guest.target import TargetError, load_target
from harness.system.places import GUEST

APP = {"HANDLERBENCH_TARGET": "shop.main:app"}
WRONG = {
    "TARGET is not set": {"HANDLERBENCH_TARGET": ""},
    "THREAD_TOKENS is 'many'": {**APP, "HANDLERBENCH_THREAD_TOKENS": "many"},
    "THREAD_TOKENS is '0'": {**APP, "HANDLERBENCH_THREAD_TOKENS": "0"},
    "CURES has to be a JSON object": {**APP, "HANDLERBENCH_CURES": '{"shop.main:home": "fast"}'},
    "CURES is no JSON": {**APP, "HANDLERBENCH_CURES": "{"},
    "WITHOUT_MIDDLEWARE has to be a JSON list": {**APP, "HANDLERBENCH_WITHOUT_MIDDLEWARE": '"GZip"'},
}
TARGETS = {
    "no_colon": "has to be module:attribute",
    "json:nothing": "module json has no nothing",
    "json:decoder.nothing": "module json has no decoder.nothing",
    "json:decoder": "json:decoder is a module and no app",
}
THE_APPS_OWN = {"starlette", "anyio", "handlerbench_guest"}


def test_without_further_variables_nothing_is_changed(tmp_path: Path) -> None:
    settings = read_settings({**APP, "HANDLERBENCH_SOURCE": str(tmp_path), "OTHER": "x"})
    assert (settings.target, settings.source, settings.is_factory) == ("shop.main:app", tmp_path, False)
    assert (settings.probe_path, settings.thread_tokens, settings.refusals) == (None, None, None)
    assert (dict(settings.cures), settings.without_middleware) == ({}, ())


@pytest.mark.parametrize("said", WRONG)
def test_a_variable_that_cannot_be_used_is_named(said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings(WRONG[said])


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_that_is_no_app_is_said_to_be_none(target: str) -> None:
    with pytest.raises(TargetError, match=TARGETS[target]):
        load_target(read_settings({"HANDLERBENCH_TARGET": target}))


def test_a_target_is_found_through_dots_and_called_if_it_is_a_factory() -> None:
    named = {"HANDLERBENCH_TARGET": "json:decoder.JSONDecoder"}
    assert load_target(read_settings(named)).__name__ == "JSONDecoder"
    factory = {"HANDLERBENCH_TARGET": "handlerbench_guest.own_code:call_name.__class__", "HANDLERBENCH_FACTORY": "0"}
    assert load_target(read_settings(factory)) is type(load_target)
    made = {"HANDLERBENCH_TARGET": "asyncio:Event.__init_subclass__", "HANDLERBENCH_FACTORY": "1"}
    with pytest.raises(TargetError, match="is a NoneType and no app"):
        load_target(read_settings(made))


def test_the_guest_imports_only_what_the_app_has_anyway() -> None:
    for file in GUEST.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                root = name.split(".")[0]
                assert root in sys.stdlib_module_names or root in THE_APPS_OWN, f"{file.name} imports {name}"
