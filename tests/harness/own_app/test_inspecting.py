"""An app is inspected under its own interpreter; one that cannot be imported is told in one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from experiment.errors import EnvironmentUnfitError
from experiment.theory.app_findings import findings
from harness.own_app.inspecting import inspect, inspection_of
from strangers import TRAPS, stranger

if TYPE_CHECKING:
    from pathlib import Path


def test_an_app_is_inspected_with_its_routes_and_findings(tmp_path: Path) -> None:
    found = inspection_of(stranger(tmp_path, TRAPS))
    assert [(route.name, route.style) for route in found.routes] == [
        ("GET /slow/{item}", "async"),
        ("GET /plain", "def"),
        ("POST /orders", "async"),
        ("GET /wrapped", "async"),
    ]
    assert found.framework == "FastAPI"
    seen = {(entry.id, entry.route): f"{entry.file}:{entry.line}" for entry in findings(found)}
    lines = (tmp_path / "strange.py").read_text(encoding="utf-8").splitlines()
    assert seen == {
        (name, route): f"strange.py:{lines.index(line) + 1}"
        for name, route, line in (
            ("blocking-call-in-async", "GET /slow/{item}", "    time.sleep(0.05)"),
            ("wraps-around-sync", "GET /wrapped", "def wrapped():"),
            ("client-per-request", "GET /slow/{item}", "    async with httpx.AsyncClient() as client:"),
            ("yield-dependency", "GET /plain", "def session():"),
            ("dependency", "GET /plain", "def user(name: str = 'me'):"),
            ("response-validation", "GET /plain", "def plain(user=Depends(user), db=Depends(session)) -> list[int]:"),
            ("base-http-middleware", None, "class Timing(BaseHTTPMiddleware):"),
        )
    }


def test_what_is_printed_is_what_is_read(tmp_path: Path) -> None:
    app = stranger(
        tmp_path, "print('{\"error\": 1')\n" + "from fastapi import FastAPI\napp = FastAPI()\nprint('no end', end='')"
    )
    assert inspect(app)["routes"] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import none", r"cannot be imported: ModuleNotFoundError: No module named 'none' \(strange\.py:1\)\."),
        ("app = [", r"cannot be imported: SyntaxError: .* \(strange\.py:1\)\."),
        ("app = 1 / 0", r"cannot be imported: ZeroDivisionError: division by zero \(strange\.py:1\)\."),
        ("raise SystemExit('bye')", r"cannot be imported: SystemExit: bye \(strange\.py:1\)\."),
        ("import os\nprint('so')\nos._exit(0)", r"ended at start with code 0\.\n    The end of .*\n    so"),
        ("import time\ntime.sleep(60)", r"is not ready after 2 s; it hangs in its start-up \(strange\.py:2\)\."),
    ],
)
def test_an_app_that_cannot_be_imported_is_told_in_one_sentence(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(EnvironmentUnfitError, match=rf"^the app strange:app {said}"):
        inspection_of(stranger(tmp_path, text), limit_s=2.0)


def test_an_interpreter_without_the_apps_packages_is_said_to_be_the_wrong_one(tmp_path: Path) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'starlette'\"\nexit 1\n", encoding="utf-8")
    fake.chmod(0o755)
    with pytest.raises(EnvironmentUnfitError, match=r"python has no starlette; name the app's own Python in \[app\]"):
        inspection_of(stranger(tmp_path / "app", python=str(fake)))


def test_no_secret_of_the_apps_variables_is_shown(tmp_path: Path) -> None:
    env_file = tmp_path / "env"
    env_file.write_text("KEY=hunter2-and-more\n", encoding="utf-8")
    takes = """
        import os
        from fastapi import FastAPI, Header

        app = FastAPI()

        @app.get("/")
        def home(key: str = Header(default=os.environ["KEY"])):
            return key
    """
    found = inspection_of(stranger(tmp_path / "app", takes, env_file=env_file))
    assert found.routes[0].parameters[0].default == "(hidden)"
    fails = "import os\nraise RuntimeError('wrong key ' + os.environ['KEY'])"
    with pytest.raises(EnvironmentUnfitError, match=r"RuntimeError: wrong key \(hidden\)") as error:
        inspection_of(stranger(tmp_path / "app", fails, env_file=env_file))
    assert "hunter2" not in str(error.value)
