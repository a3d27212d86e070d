"""The app: `uvicorn shop.main:app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI

from shop.carrier import carrier
from shop.database import Engines
from shop.middleware import RequestIdMiddleware, ServerTimingMiddleware
from shop.routers import basket, orders, products, reports, shipping
from shop.seed import make_database
from shop.settings import Settings


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings = Settings.from_environment()
    make_database(settings.database)
    app.state.settings, app.state.engines = settings, Engines.on(settings.database)
    with carrier() as address:
        app.state.carrier = address
        async with httpx.AsyncClient(base_url=address) as app.state.client:
            yield
    await app.state.engines.close()


app = FastAPI(title="Shop", lifespan=lifespan)
app.add_middleware(ServerTimingMiddleware)
app.add_middleware(RequestIdMiddleware)
for module in (products, orders, shipping, basket, reports):
    app.include_router(module.router)


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}
