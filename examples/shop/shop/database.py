"""Both ways to the database: a session for def routes, and an async one for async routes."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine, create_engine
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

POOL_SIZE = 20


@dataclass(frozen=True)
class Engines:
    """An engine for threads and one for the loop, on the same file."""

    sync: Engine
    on_loop: AsyncEngine

    @classmethod
    def on(cls, path: Path) -> "Engines":
        return cls(
            sync=create_engine(f"sqlite:///{path}", pool_size=POOL_SIZE),
            on_loop=create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=POOL_SIZE),
        )

    async def close(self) -> None:
        self.sync.dispose()
        await self.on_loop.dispose()


def sync_session(request: Request) -> Iterator[Session]:
    engines: Engines = request.app.state.engines
    with Session(engines.sync) as session:
        yield session


async def async_session(request: Request) -> AsyncIterator[AsyncSession]:
    engines: Engines = request.app.state.engines
    async with AsyncSession(engines.on_loop) as session:
        yield session


SyncSession = Annotated[Session, Depends(sync_session)]
LoopSession = Annotated[AsyncSession, Depends(async_session)]
