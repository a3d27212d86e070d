"""The app of a talk: two ways to do each thing that the slides are about."""

import asyncio
import hashlib
import time

from fastapi import FastAPI

app = FastAPI(title="Five things about async")
SERVICE_S, DRIVER_S = 0.02, 0.02
PIXELS = bytes(range(256)) * 64
PICTURES = 4


async def service(name: str) -> str:
    """Stand in for a service that answers after 20 ms."""
    await asyncio.sleep(SERVICE_S)
    return name


def thumbnail(picture: int) -> int:
    """Stand in for scaling a picture in Python: some milliseconds of CPU."""
    rows = [PIXELS[start : start + 128] for start in range(0, len(PIXELS), 128)]
    return sum(value * (picture + 1) for row in rows for value in row[::2]) % 1000


async def thumbnail_task(picture: int) -> int:
    return thumbnail(picture)


@app.get("/dashboard/one-by-one")
async def dashboard_one_by_one() -> list[str]:
    return [await service(name) for name in ("orders", "stock", "prices")]


@app.get("/dashboard/gathered")
async def dashboard_gathered() -> list[str]:
    return list(await asyncio.gather(*(service(name) for name in ("orders", "stock", "prices"))))


@app.get("/thumbnails/one-by-one")
async def thumbnails_one_by_one() -> list[int]:
    return [await thumbnail_task(picture) for picture in range(PICTURES)]


@app.get("/thumbnails/gathered")
async def thumbnails_gathered() -> list[int]:
    return list(await asyncio.gather(*(thumbnail_task(picture) for picture in range(PICTURES))))


@app.get("/thumbnails/threads")
def thumbnails_threads() -> list[int]:
    return [thumbnail(picture) for picture in range(PICTURES)]


@app.get("/driver")
async def driver() -> dict[str, str]:
    """Ask a database whose driver knows no async."""
    time.sleep(DRIVER_S)
    return {"row": "found"}


@app.get("/password/on-loop")
async def password_on_loop() -> dict[str, str]:
    return {"hash": hashlib.pbkdf2_hmac("sha256", b"password", b"salt", 60_000).hex()}


@app.get("/password/to-thread")
async def password_to_thread() -> dict[str, str]:
    found = await asyncio.to_thread(hashlib.pbkdf2_hmac, "sha256", b"password", b"salt", 60_000)
    return {"hash": found.hex()}
