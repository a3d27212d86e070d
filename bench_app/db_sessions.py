"""Database sessions of SQLAlchemy's ORM, as its users open them: one a request, which takes a connection when it asks.

They come from the engine of db_pools.py: settings.db_pool_size connections, and who finds none free waits.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench_app.db_pools import open_sqlalchemy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from sqlalchemy.orm import Session, sessionmaker

    from bench_app.settings import Settings

MOST_SESSIONS = 6
"""How many sessions the limited dependency gives out at once: as many as a pool of this size has connections."""


@asynccontextmanager
async def open_sessions(settings: Settings) -> AsyncIterator[sessionmaker[Session]]:
    from sqlalchemy.orm import sessionmaker

    async with open_sqlalchemy(settings) as engine:
        yield sessionmaker(engine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """What the lifespan opens for the handlers of sessions."""

    name: str
    open: Callable[[Settings], AbstractAsyncContextManager[Any]]


SESSIONS = Sessions(name="sessions", open=open_sessions)
