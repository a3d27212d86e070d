"""What an app needs is started before it, once, and ends after it."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Any

import pytest

from experiment.errors import EnvironmentUnfitError, UsageError
from harness.own_app.app_services import app_services
from harness.system.process import accepts, free_port
from strangers import stranger

if TYPE_CHECKING:
    from pathlib import Path

SERVER = (
    "import socket, time; s = socket.create_server(('127.0.0.1', {port})); print('here', flush=True); time.sleep(60)"
)


def python(code: str) -> str:
    return shlex.join([sys.executable, "-c", code])


def run(folder: Path, services: str | None, port: int | None = None, **limits: Any) -> Any:
    app = stranger(folder / "app", services=services, services_port=port)
    return app_services(app, folder / "log", **limits)


def test_a_command_that_ends_has_ended_before_the_app_is_started(tmp_path: Path) -> None:
    with run(tmp_path, python("open('made', 'w')")):
        assert (tmp_path / "app" / "made").exists()


def test_a_command_that_stays_is_ready_when_its_port_accepts_and_ends_with_the_block(tmp_path: Path) -> None:
    port = free_port()
    with run(tmp_path, python(SERVER.format(port=port)), port):
        assert accepts(port)
        with run(tmp_path / "app", "no-such-command", port):  # it is there already
            pass
    assert not accepts(port)


def test_an_app_that_needs_nothing_starts_nothing(tmp_path: Path) -> None:
    with run(tmp_path, None):
        assert not (tmp_path / "log").exists()


@pytest.mark.parametrize(
    ("services", "port", "kind", "said"),
    [
        ("no-such-command --now", None, UsageError, "`services` in .* cannot be run: no-such-command: No such file"),
        (python("print('no disk'); exit(4)"), None, EnvironmentUnfitError, r"ended with code 4: .*\n.*\n    no disk"),
        (python("import time; time.sleep(60)"), None, EnvironmentUnfitError, "name the port .* with `services_port`"),
        (
            python("import time; time.sleep(60)"),
            1,
            EnvironmentUnfitError,
            "does not accept connections at port 1 after",
        ),
    ],
)
def test_what_goes_wrong_is_said(
    tmp_path: Path, services: str, port: int | None, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said), run(tmp_path, services, port, limit_s=0.3):
        pass
