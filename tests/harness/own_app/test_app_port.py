"""Where an app listens: every start of a campaign at the same address, since answers may have it in them."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, cast

import httpx

from experiment.design.factors import ServerConfig
from harness.own_app.rig import AppRig
from harness.own_app.versions import Version
from harness.system.pinning import plan_cores
from strangers import stranger

if TYPE_CHECKING:
    from pathlib import Path

APP = """
    from fastapi import FastAPI, Request

    app = FastAPI()

    @app.get("/")
    async def home(request: Request):
        return {"self": str(request.url)}
"""


def _rig(folder: Path) -> AppRig:
    (folder / "logs").mkdir()
    version = Version(name="", app=stranger(folder / "app", APP))
    undriven = cast("Any", None)
    return AppRig(plan=plan_cores(), folder=folder, loads={}, locust=undriven, versions={"": version}, seed=1)


def _answer(rig: AppRig, name: str) -> bytes:
    with rig.serving(ServerConfig(), name) as service:
        return httpx.get(service.url, trust_env=False).content


def test_an_answer_with_the_apps_own_address_is_the_same_in_every_trial(tmp_path: Path) -> None:
    rig = _rig(tmp_path)
    assert b"127.0.0.1" in _answer(rig, "preflight")
    assert _answer(rig, "t1") == _answer(rig, "t2") == _answer(rig, "t3")


def test_a_port_that_somebody_else_took_is_given_up(tmp_path: Path) -> None:
    rig = _rig(tmp_path)
    before = _answer(rig, "t1")
    with socket.create_server(("127.0.0.1", rig.port)):
        assert _answer(rig, "t2") != before
