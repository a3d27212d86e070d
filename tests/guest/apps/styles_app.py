"""Handlers of every style that say where they ran, and what they validate."""

import asyncio
import functools
import threading
import time
from typing import Any

import anyio
from anyio import from_thread
from fastapi import BackgroundTasks, Depends, FastAPI, Header, HTTPException, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel
from starlette.middleware.base import BaseHTTPMiddleware

try:
    from pydantic import field_validator
except ImportError:
    from pydantic import validator as field_validator

app = FastAPI()
ROWS = [{"number": number} for number in range(40_000)]
MAIN = threading.current_thread()


class Slow(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        response = await call_next(request)
        response.headers["x-slow"] = "yes"
        return response


app.add_middleware(Slow)


@app.middleware("http")
async def stamp(request, call_next):
    response = await call_next(request)
    response.headers["x-stamp"] = "yes"
    return response


def place():
    return "the loop" if threading.current_thread() is MAIN else "a thread"


class Answer(BaseModel):
    thread: str
    validated: str = ""

    @field_validator("thread")
    def say(cls, value):
        return f"{value}, validated in {place()}"


class Item(BaseModel):
    name: str


def settings(limit: int = 3):
    return limit


def session():
    yield "a session"


async def user(x_user: str = Header("nobody")):
    return x_user


class Page:
    def __init__(self, page: int = 1):
        self.page = page


def on_the_loop(function):
    @functools.wraps(function)
    async def wrapper(*args, **values):
        return function(*args, **values)

    return wrapper


def to_a_thread(function):
    @functools.wraps(function)
    async def wrapper(*args, **values):
        return await anyio.to_thread.run_sync(functools.partial(function, *args, **values))

    return wrapper


@app.get("/blocking", response_model=Answer)
async def blocking(item: int = 0):
    time.sleep(0.005)
    return {"thread": place()}


@app.get("/waiting", response_model=Answer)
def waiting():
    return {"thread": place()}


async def helper():
    return place()


@app.get("/helped")
async def helped():
    return {"thread": await helper()}


async def nap():
    try:
        await asyncio.sleep(0.005)
    except Exception:
        return "caught"
    return "slept"


@app.get("/awaiting")
async def awaiting():
    return {"thread": place(), "nap": await nap()}


@app.get("/anyio")
async def with_anyio():
    await anyio.sleep(0.005)
    return place()


@app.get("/turn")
async def turn():
    await asyncio.sleep(0)
    return place()


@app.get("/task")
async def task():
    return await asyncio.gather(nap(), nap())


@app.get("/failing")
async def failing():
    raise HTTPException(409, "on purpose")


@app.get("/calling-back")
def calling_back():
    from_thread.run(anyio.sleep, 0)
    return place()


@app.get("/all/{item_id}")
def all_hops(
    item_id: int,
    q: str = Query("x", max_length=5),
    limit=Depends(settings),
    again=Depends(settings),
    page: Page = Depends(),
    db=Depends(session),
    who=Depends(user),
) -> Item:
    return Item(name=f"{item_id} {q} {limit} {again} {page.page} {db} {who}")


@app.post("/tasks")
async def tasks(item: Item, background: BackgroundTasks):
    background.add_task(settings)
    background.add_task(user)
    return item


@app.get("/stream")
def stream():
    return StreamingResponse(iter_lines(), media_type="text/plain")


def iter_lines():
    yield "a line\n"


@app.get("/on-the-loop")
@on_the_loop
def on_loop():
    return place()


@app.get("/to-a-thread")
@to_a_thread
def in_thread():
    time.sleep(0.005)
    return place()


def rank():
    time.sleep(0.08)  # held here
    return 1


@app.get("/held")
async def held():
    return rank()


@app.get("/held-in-library")
async def held_in_library():
    return threading.Event().wait(0.08)  # held in a library


@app.get("/held-on-another-stack")
async def held_on_another_stack():
    from sqlalchemy.util.concurrency import greenlet_spawn

    return await greenlet_spawn(time.sleep, 0.08)  # held on another stack


@app.get("/rows")
async def rows():
    return ROWS


@app.get("/clean")
async def clean() -> Any:
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, time.sleep, 0.005)
    return await loop.run_in_executor(None, lambda: time.sleep(0.005))
