"""The trap that B24 is about: where the server binds the socket for its workers, asyncio leaves TCP_NODELAY off."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import pytest
import uvicorn
import uvloop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LIMIT_S = 10.0


class Reporting(asyncio.Protocol):
    """Says whether the accepted connection sends small packets at once."""

    def __init__(self, said: asyncio.Future[bool]) -> None:
        self._said = said

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        option = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        self._said.set_result(bool(option))
        transport.close()


@pytest.fixture
def of_the_workers() -> Iterator[socket.socket]:
    """Bind a socket as uvicorn does before it starts several workers."""
    with uvicorn.Config("nothing:app", host="127.0.0.1", port=0, log_config=None).bind_socket() as bound:
        yield bound


async def _sends_at_once(bound: socket.socket | None) -> bool:
    """Accept one connection, on a socket that was bound before or on a new one, as a single worker has it."""
    said: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    create = asyncio.get_running_loop().create_server
    made = create(lambda: Reporting(said), sock=bound) if bound else create(lambda: Reporting(said), "127.0.0.1", 0)
    async with asyncio.timeout(_LIMIT_S), await made as server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        answer = await said
        writer.close()
        return answer


def _run(loop: Callable[[], asyncio.AbstractEventLoop], bound: socket.socket | None) -> bool:
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(_sends_at_once(bound))


def test_asyncio_leaves_the_option_off_on_the_socket_of_several_workers(of_the_workers: socket.socket) -> None:
    """If this fails, uvicorn names the protocol now (its issue 3149), and B24 will come out refuted."""
    assert of_the_workers.proto == 0
    assert not _run(asyncio.SelectorEventLoop, of_the_workers)


def test_uvloop_sets_it_there_too(of_the_workers: socket.socket) -> None:
    assert _run(uvloop.new_event_loop, of_the_workers)


@pytest.mark.parametrize("loop", [asyncio.SelectorEventLoop, uvloop.new_event_loop])
def test_a_single_worker_has_it_on_either_loop(loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    assert _run(loop, None)
