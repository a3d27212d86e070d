"""Database sessions of SQLAlchemy's ORM, as its users open them: one a request, which takes a connection when it asks.

They come from the engine of db_pools.py: settings.db_pool_size connections, and who finds none free waits.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from bench_app.db_pools import open_sqlalchemy
from bench_app.resources import Opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy.orm import Session, sessionmaker

    from bench_app.settings import Settings

MOST_SESSIONS = 6
"""How many sessions the limited dependency gives out at once: as many as a pool of this size has connections."""


@asynccontextmanager
async def open_sessions(settings: Settings) -> AsyncIterator[sessionmaker[Session]]:
    from sqlalchemy.orm import sessionmaker

    async with open_sqlalchemy(settings) as engine:
        yield sessionmaker(engine)


SESSIONS = Opened(name="sessions", open=open_sessions)
