"""Traps that need libraries: read in this Python, where all of them are installed."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from handlerbench_guest.inspect import inspect_app
from handlerbench_guest.settings import read_settings

HEAD = """
    import asyncio, functools, hashlib, pathlib, sqlite3, subprocess, time
    from collections.abc import Iterator
    from contextlib import asynccontextmanager
    from typing import Annotated, Optional

    import aiohttp, httpx, requests
    from anyio import to_thread
    from fastapi import Depends, FastAPI
    from fastapi.concurrency import run_in_threadpool
    from sqlalchemy import create_engine, text
    from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
    from sqlalchemy.orm import Session, sessionmaker

    app = FastAPI()
    engine = create_engine("sqlite://")
    LocalSession = sessionmaker(engine)
    Sessions = async_sessionmaker()
    shared = httpx.AsyncClient()
    blocking = requests.Session()
    SSL = False

    def get_db() -> Iterator[Session]:
        with LocalSession() as db:
            yield db

    async def get_async_db():
        async with Sessions() as db:
            yield db

    def compute(seconds):
        time.sleep(seconds)

    @functools.lru_cache
    def settings():
        return open("settings").read()

    def logged(function):
        @functools.wraps(function)
        def wrapper(*args, **values):
            return function(*args, **values)
        return wrapper

    def waits(function):
        @functools.wraps(function)
        async def wrapper(*args, **values):
            time.sleep(0.1)
            return await function(*args, **values)
        return wrapper

    def in_a_thread(function):
        @functools.wraps(function)
        async def wrapper(*args, **values):
            return await run_in_threadpool(function, *args, **values)
        return wrapper

    class Prices:
        def __init__(self):
            self.client = httpx.Client()

        def of(self, name):
            return self.client.get("http://127.0.0.1/" + name)

        def slow(self):
            time.sleep(1)

    prices = Prices()
"""

# A handler, and the trap that it falls into, with the called function: None for a clean one.
HANDLERS: dict[str, tuple[str, str | None]] = {
    "sleep": ("async def handler():\n time.sleep(0.1)", "blocking-call-in-async: time.sleep"),
    "sleep in a helper": ("async def handler():\n compute(1)", "blocking-call-in-async: time.sleep"),
    "sleep of nothing": ("async def handler():\n time.sleep(0)", None),
    "sleep in a def handler": ("def handler():\n time.sleep(0.1)", None),
    "sleep that is awaited": ("async def handler():\n await asyncio.sleep(0.1)", None),
    "sleep in a thread": ("async def handler():\n await run_in_threadpool(time.sleep, 1)", None),
    "helper in a thread": ("async def handler():\n await asyncio.to_thread(compute, 1)", None),
    "lambda in a thread": ("async def handler():\n await to_thread.run_sync(lambda: time.sleep(1))", None),
    "function of its own in a thread": (
        "async def handler():\n def work():\n  time.sleep(1)\n await asyncio.to_thread(work)",
        None,
    ),
    "requests": (
        "async def handler():\n return requests.get('http://127.0.0.1').text",
        "blocking-call-in-async: requests.get",
    ),
    "requests, imported inside": (
        "async def handler():\n import requests as r\n return r.post('http://127.0.0.1').text",
        "blocking-call-in-async: requests.post",
    ),
    "a session of requests": (
        "async def handler():\n return blocking.get('http://127.0.0.1')",
        "blocking-call-in-async: requests.Session.get",
    ),
    "httpx.get in async": (
        "async def handler():\n return httpx.get('http://x').text",
        "blocking-call-in-async: httpx.get",
    ),
    "httpx.get in def": ("def handler():\n return httpx.get('http://x').text", "client-per-request: httpx.get"),
    "a shared client": ("async def handler():\n return (await shared.get('http://x')).text", None),
    "a client": (
        "async def handler():\n async with httpx.AsyncClient() as c:\n  return (await c.get('http://x')).text",
        "client-per-request: httpx.AsyncClient",
    ),
    "a client that shares what is costly": (
        "async def handler():\n async with httpx.AsyncClient(verify=SSL) as c:\n  return (await c.get('http://x')).text",
        None,
    ),
    "a client of aiohttp": (
        "async def handler():\n async with aiohttp.ClientSession() as c:\n  return c.closed",
        "client-per-request: aiohttp.ClientSession",
    ),
    "a session in def": (
        "def handler():\n return requests.Session().get('http://x')",
        "client-per-request: requests.Session",
    ),
    "an engine": ("def handler():\n return create_engine('sqlite://')", "client-per-request: sqlalchemy.create_engine"),
    "an engine in a dependency": (
        "def new():\n return create_async_engine('sqlite+aiosqlite://')\ndef handler(e=Depends(new)):\n return 1",
        "client-per-request: sqlalchemy.ext.asyncio.create_async_engine",
    ),
    "a sync session in async": (
        "async def handler(db: Session = Depends(get_db)):\n return db.execute(text('select 1')).scalar()",
        "blocking-call-in-async: sqlalchemy.orm.Session.execute",
    ),
    "an annotated session in async": (
        "async def handler(db: Annotated[Optional[Session], Depends(get_db)]):\n return db.scalars(text('select 1'))",
        "blocking-call-in-async: sqlalchemy.orm.Session.scalars",
    ),
    "a session of its own in async": (
        "async def handler():\n with LocalSession() as db:\n  db.add(1)\n  db.commit()",
        "blocking-call-in-async: sqlalchemy.orm.Session.commit",
    ),
    "a sync session in def": (
        "def handler(db: Session = Depends(get_db)):\n return db.execute(text('select 1')).scalar()",
        None,
    ),
    "an async session": (
        "async def handler(db: AsyncSession = Depends(get_async_db)):\n return await db.execute(text('select 1'))",
        None,
    ),
    "a connection": (
        "async def handler():\n with engine.connect() as c:\n  return 1",
        "blocking-call-in-async: sqlalchemy.engine.Engine.connect",
    ),
    "sqlite": (
        "async def handler(path: str):\n with sqlite3.connect(path) as db:\n  return 1",
        "blocking-call-in-async: sqlite3.connect",
    ),
    "a process": (
        "async def handler():\n return subprocess.run(['true']).returncode",
        "blocking-call-in-async: subprocess.run",
    ),
    "a file": ("async def handler():\n with open('x') as f:\n  return f.read()", "blocking-call-in-async: open"),
    "a file by its path": (
        "async def handler():\n return pathlib.Path('x').read_text()",
        "blocking-call-in-async: pathlib.Path.read_text",
    ),
    "a password": (
        "async def handler():\n return hashlib.scrypt(b'x', salt=b'y', n=2, r=1, p=1).hex()",
        "blocking-call-in-async: hashlib.scrypt",
    ),
    "what is kept": ("async def handler():\n return settings()", None),
    "a dependency that is kept": ("async def handler(s=Depends(settings)):\n return s", None),
    "a client of an object": (
        "async def handler():\n return prices.of('x').text",
        None,  # what an attribute holds is not certain there
    ),
    "a method of an object": ("async def handler():\n return prices.slow()", "blocking-call-in-async: time.sleep"),
    "a client of an object, used directly": (
        "async def handler():\n return prices.client.get('x').text",
        "blocking-call-in-async: httpx.Client.get",
    ),
    "a name that is not certain": (
        "async def handler(fast: bool):\n wait = time.sleep\n if fast:\n  wait = print\n wait(1)",
        None,
    ),
    "a name that a loop sets again": (
        "async def handler():\n c = requests.Session()\n for c in []:\n  c.get('x')",
        "client-per-request: requests.Session",
    ),
    "a parameter with a generic type": ("async def handler(names: str = ''):\n return names.join([])", None),
    "a loop variable": ("async def handler():\n for time in []:\n  time.sleep(1)", None),
    "an async dependency": (
        "async def who():\n time.sleep(1)\nasync def handler(who=Depends(who)):\n return who",
        "blocking-call-in-async: time.sleep",
    ),
    "a def dependency": ("def who():\n time.sleep(1)\nasync def handler(who=Depends(who)):\n return who", None),
    "a def wrapper": (
        "@logged\nasync def handler():\n return 1",
        "wraps-around-async: handler is async, its wrapper wrapper is not",
    ),
    "an async wrapper that blocks": ("@waits\nasync def handler():\n return 1", "blocking-call-in-async: time.sleep"),
    "a wrapper that hands over to a thread": ("@in_a_thread\ndef handler():\n time.sleep(1)", None),
    "a wrapper of the same kind": ("@logged\ndef handler():\n return 1", None),
    "a lifespan": ("async def life(app):\n time.sleep(1)\n yield\ndef handler():\n return 1", None),
}


@pytest.fixture
def traps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    def of(handler: str) -> list[str]:
        first = next(begin for begin in ("@", "async def handler", "def handler") if begin in handler)
        route = handler.replace(first, f'@app.get("/")\n{first}', 1)
        (tmp_path / "trapped.py").write_text(f"{dedent(HEAD)}\n{route}\n", encoding="utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "trapped", raising=False)
        named = {"HANDLERBENCH_TARGET": "trapped:app", "HANDLERBENCH_SOURCE": str(tmp_path)}
        seen = inspect_app(read_settings(named))
        assert seen["error"] is None, seen["error"]
        (only,) = seen["routes"]
        return [f"{trap['id']}: {trap['detail'].split(' in ')[0]}" for trap in only["traps"]]

    return of


@pytest.mark.parametrize("name", HANDLERS)
def test_a_handler_is_told_its_trap_and_a_clean_one_none(traps: Any, name: str) -> None:
    handler, trap = HANDLERS[name]
    found = traps(handler)
    assert found == ([] if trap is None else [trap])
