"""Small apps of somebody else's for tests: their files, and how to start one under our own interpreter."""

import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

from experiment.design.own_app import AppTarget

GOOD = """
    from fastapi import FastAPI

    app = FastAPI()

    @app.get("/")
    def home():
        return {"hello": "world"}
"""


def stranger(folder: Path, text: str = GOOD, *, module: str = "strange", **settings: Any) -> AppTarget:
    """Write an app of one module into a folder, and return it as a target."""
    folder.mkdir(exist_ok=True)
    (folder / f"{module}.py").write_text(dedent(text), encoding="utf-8")
    return AppTarget(**{"target": f"{module}:app", "python": sys.executable, "directory": folder, **settings})


TRAPS = """
import functools
import time

import httpx
from fastapi import Depends, FastAPI
from pydantic import BaseModel
from starlette.middleware.base import BaseHTTPMiddleware

app = FastAPI()


class Timing(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        return await call_next(request)


app.add_middleware(Timing)


class Order(BaseModel):
    item: int


def session():
    yield 1


def user(name: str = 'me'):
    return name


def logged(function):
    @functools.wraps(function)
    async def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@app.get("/slow/{item}")
async def slow(item: int, q: str):
    time.sleep(0.05)
    async with httpx.AsyncClient() as client:
        return {"client": client is not None}


@app.get("/plain")
def plain(user=Depends(user), db=Depends(session)) -> list[int]:
    return [1]


@app.post("/orders")
async def order(order: Order):
    return order


@app.get("/wrapped")
@logged
def wrapped():
    return 1
"""
"""An app with one of each thing that inspection finds."""
