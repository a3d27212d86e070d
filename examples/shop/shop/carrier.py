"""A stand-in for the carrier's HTTP service, so that the example needs nothing beside it.

It has a thread and a loop of its own and answers after 10 ms, as a service in the same data centre would.
"""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

ANSWER_AFTER_S = 0.01
BODY = b'{"carrier":"post","days":2,"price":"4.90"}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(BODY), BODY)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(ANSWER_AFTER_S)
            writer.write(ANSWER)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


@contextmanager
def carrier() -> Iterator[str]:
    """Serve in a thread and yield the service's address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="carrier", daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(asyncio.start_server(_answer, "127.0.0.1", 0), loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
