"""The file of variables that stands beside an app."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from experiment.errors import UsageError
from harness.own_app.app_environment import app_environment, env_file_values
from strangers import stranger

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=1", "1"),
        ("A =  two words ", "two words"),
        ("export A=1 # one", "1"),
        ("A=a#b", "a#b"),
        ("A=", ""),
        ("A='${B} # \"'", '${B} # "'),
        (r'A="a \"b\"\n${B}" # c', 'a "b"\nbee'),
        ("A=${B}/x", "bee/x"),
        ("C=sea\nA=${C}", "sea"),
    ],
)
def test_a_line_is_read_as_shells_and_compose_read_it(tmp_path: Path, line: str, value: str) -> None:
    path = tmp_path / ".env"
    path.write_text(f"# a comment\n\n{line}\n", encoding="utf-8")
    assert env_file_values(path, {"B": "bee"})["A"] == value


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("secret", r"\.env, line 1: is no NAME=value"),
        ("A='secret", r"\.env, line 1: the value's quotes do not close"),
        ("A=${NONE}secret", r"\.env, line 1 needs the environment variable NONE"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_without_what_stands_there(
    tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / ".env"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(UsageError, match=said) as error:
        env_file_values(path, {})
    assert "secret" not in str(error.value)


def test_the_settings_come_over_the_file_and_the_file_over_the_caller(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=file\nB=file\n", encoding="utf-8")
    app = stranger(tmp_path / "app", env_file=path, environment=(("B", "settings"),))
    seen = app_environment(app, {}, {"A": "caller", "B": "caller", "C": "caller", "UVICORN_PORT": "1"})
    assert [seen.get(name) for name in ("A", "B", "C", "UVICORN_PORT")] == ["file", "settings", "caller", None]


def test_a_variable_that_is_not_set_is_named_with_its_place(tmp_path: Path) -> None:
    app = stranger(tmp_path / "app", environment=(("A", "${NONE}"),))
    with pytest.raises(UsageError, match=r"environment\.A in \[app\] needs the environment variable NONE"):
        app_environment(app, {}, {})
