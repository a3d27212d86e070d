"""An app of somebody else's is started under its own interpreter; one that does not start is told in one sentence."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app_environments import ENVIRONMENTS
from experiment.design.factor import FactorError
from experiment.design.factors import server
from experiment.errors import EnvironmentUnfitError, UsageError
from harness.own_app.guest_process import GuestOrder, guest, guest_command
from harness.own_app.inspecting import inspection_of
from harness.trial.probe_log import probe_files
from strangers import stranger

if TYPE_CHECKING:
    from pathlib import Path

    from app_environments import AppEnvironment


def order(folder: Path, text: str, *, ready_limit_s: float = 30.0, **settings: Any) -> GuestOrder:
    return GuestOrder(app=stranger(folder / "app", text, **settings), log=folder / "log", ready_limit_s=ready_limit_s)


def complaint(asked: GuestOrder) -> str:
    with pytest.raises(EnvironmentUnfitError) as error, guest(asked):
        pass
    return str(error.value)


SAYS = """
    import os
    from contextlib import asynccontextmanager
    from pathlib import Path
    from fastapi import FastAPI

    @asynccontextmanager
    async def lifespan(app):
        yield {"seen": "in lifespan"}
        Path("ended").touch()

    def make():
        app = FastAPI(lifespan=lifespan)

        @app.get("/")
        def home(name: str):
            return [os.environ.get(name), os.getcwd()]

        return app

    app = make()
"""


def test_an_app_runs_in_its_folder_with_its_variables_and_is_shut_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "3")
    monkeypatch.setenv("COLOUR", "green")
    env_file = tmp_path / "env"
    env_file.write_text("SIZE=4\n", encoding="utf-8")
    environment = (("PAINT", "all ${COLOUR} ${SIZE}"),)
    asked = order(tmp_path, SAYS, target="strange:make", is_factory=True, environment=environment, env_file=env_file)
    with guest(asked) as service, httpx.Client(base_url=service.url, trust_env=False) as client:
        seen = {name: client.get("/", params={"name": name}).json() for name in ("PAINT", "SIZE", "WEB_CONCURRENCY")}
        assert client.get("/__handlerbench/bystander").json() == {"ok": True}
    folder = str(tmp_path / "app")
    assert seen == {"PAINT": ["all green 4", folder], "SIZE": ["4", folder], "WEB_CONCURRENCY": [None, folder]}
    assert (tmp_path / "app" / "ended").exists()
    assert not service.is_alive


PYTHON_ITSELF = """
    import platform
    import sys
    from starlette.applications import Starlette
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    def home(request):
        return JSONResponse([platform.python_version_tuple()[:2], sys.prefix])

    app = Starlette(routes=[Route("/", home)])
"""


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_an_app_runs_under_its_own_python_and_packages(tmp_path: Path, environment: AppEnvironment) -> None:
    python = environment.python()
    app = stranger(tmp_path / "app", PYTHON_ITSELF, python=str(python))
    with (
        guest(GuestOrder(app=app, log=tmp_path / "log", probe=tmp_path / "probe.jsonl")) as service,
        httpx.Client(base_url=service.url, trust_env=False) as client,
    ):
        assert client.get("/").json() == [environment.version.split("."), str(python.parents[1])]
    assert inspection_of(app).routes[0].style == "def"


def test_each_worker_has_a_probe_file_before_the_app_is_ready(tmp_path: Path) -> None:
    app = stranger(tmp_path / "app")
    asked = GuestOrder(app=app, log=tmp_path / "log", server=server(workers=2), probe=tmp_path / "probe.jsonl")
    with guest(asked):
        assert len(probe_files(tmp_path / "probe.jsonl")) == 2


@pytest.mark.parametrize("way", ["raise TypeError", "return"])
def test_an_app_that_knows_no_lifespan_gets_ready(tmp_path: Path, way: str) -> None:
    plain = f"""
        async def app(scope, receive, send):
            if scope["type"] != "http":
                {way}
            await send({{"type": "http.response.start", "status": 200, "headers": []}})
            await send({{"type": "http.response.body", "body": b"here"}})
    """
    asked = GuestOrder(app=stranger(tmp_path / "app", plain), log=tmp_path / "log", probe=tmp_path / "probe.jsonl")
    with guest(asked) as service, httpx.Client(base_url=service.url, trust_env=False) as client:
        assert client.get("/").text == "here"


def test_an_app_that_cannot_be_imported_is_told_with_its_error_and_line(tmp_path: Path) -> None:
    said = complaint(order(tmp_path, "import os\nimport no_such_module\n"))
    first, *rest = said.splitlines()
    assert first == (
        "the app strange:app cannot be imported: ModuleNotFoundError: No module named 'no_such_module' (strange.py:2)."
    )
    assert "ModuleNotFoundError: No module named 'no_such_module'" in rest[-1]


@pytest.mark.parametrize(
    ("text", "settings", "said"),
    [
        ("def broken(:\n", {}, r"cannot be imported: SyntaxError: .* \(strange\.py:1\)\."),
        ("app = 1", {}, r"cannot be served: strange:app is a int and no app\."),
        ("x = 1", {}, r"cannot be served: module strange has no app\."),
        ("", {"target": "other:app"}, r"cannot be imported: ModuleNotFoundError: No module named 'other'\."),
        ("import os\nprint('bye')\nos._exit(9)", {}, r"ended at start with code 9\.\n.*\n    bye$"),
        (
            "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)",
            {},
            r"was ended at start by SIGSEGV \(strange.py:2\)",
        ),
        ("raise SystemExit('no key')", {}, r"ended at start with code 1\.\n.*\n    no key"),
    ],
)
def test_an_app_that_ends_at_start_says_why(tmp_path: Path, text: str, settings: dict[str, Any], said: str) -> None:
    assert re.search(rf"^the app \S+ {said}", complaint(order(tmp_path, text, **settings)))


FAILS_IN_LIFESPAN = """
    from fastapi import FastAPI

    async def connect():
        raise ConnectionRefusedError("no database")

    async def lifespan(app):
        await connect()
        yield

    app = FastAPI(lifespan=__import__("contextlib").asynccontextmanager(lifespan))
"""


def test_an_app_whose_lifespan_fails_is_told_with_the_line(tmp_path: Path) -> None:
    assert complaint(order(tmp_path, FAILS_IN_LIFESPAN)).startswith(
        "the app strange:app fails in its start-up (lifespan): ConnectionRefusedError: no database "
        "(strange.py:5 in connect)."
    )


def test_an_app_that_hangs_is_told_with_the_line_that_it_hangs_at(tmp_path: Path) -> None:
    asked = order(tmp_path, "import time\ndef wait():\n    time.sleep(60)\nwait()\n", ready_limit_s=2.0)
    said = complaint(asked)
    assert said.startswith(
        "the app strange:app is not ready after 2 s; it hangs in its start-up (strange.py:3 in wait)."
    )


def test_no_secret_of_the_apps_variables_is_shown(tmp_path: Path) -> None:
    env_file = tmp_path / "env"
    env_file.write_text("KEY=hunter2-and-more\n", encoding="utf-8")
    said = complaint(order(tmp_path, "import os\nraise RuntimeError(os.environ['KEY'])", env_file=env_file))
    assert "cannot be imported: RuntimeError: (hidden)" in said
    assert "hunter2" not in said


def test_an_interpreter_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(UsageError, match="there is no Python at /none/python; name the app's own with `python`"),
        guest(order(tmp_path, "", python="/none/python")),
    ):
        pass


def test_no_packages_of_ours_are_found_by_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.system.places import HOME

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HOME), "/somewhere"]))
    from harness.own_app.app_environment import app_environment

    path = app_environment(stranger(tmp_path / "app"), {})["PYTHONPATH"].split(os.pathsep)
    assert path == [str(HOME / "guest"), str(tmp_path / "app"), "/somewhere"]


def test_an_app_is_served_by_uvicorn_as_it_is_installed() -> None:
    plain = guest_command(server(), port=80, python="python")
    assert not {"--loop", "--http", "--workers"} & set(plain)
    assert plain[plain.index("--host") + 1] == "127.0.0.1"
    changed = guest_command(
        server(loop="asyncio", workers=2, style="def", version="main"), port=80, python=sys.executable
    )
    assert changed[changed.index("--loop") :][:2] == ["--loop", "asyncio"]
    with pytest.raises(FactorError, match="served by uvicorn"):
        guest_command(server(server="granian"), port=80, python="python")
