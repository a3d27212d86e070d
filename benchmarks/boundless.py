"""A stub that is no limit: it answers every request with the same bytes. `python -m benchmarks.boundless --port 8900`.

It parses nothing but the end of a request's head, so it takes GETs only, and costs a fraction of what any driver does.
"""

import argparse
import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.metered import ROOT
from harness.system.places import python
from harness.system.process import accepts, child, free_port, wait_until
from harness.system.services import READY_TIMEOUT_S, Service, clean_environment

BODY = b'{"ok":true}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(BODY), BODY)
_END = b"\r\n\r\n"
_BACKLOG = 4096


class Boundless(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer as many requests as end here."""
        data = self._rest + data
        asked = data.count(_END)
        self._rest = b"" if data.endswith(_END) else data[data.rfind(_END) + len(_END) :] if asked else data
        if asked:
            self._transport.write(ANSWER * asked)


@contextmanager
def boundless(log: Path, cores: tuple[int, ...]) -> Iterator[Service]:
    """Run the stub until the block ends."""
    port = free_port()
    command = [*python("benchmarks.boundless"), "--port", str(port)]
    with child(command, log=log, cores=cores, env=clean_environment({"PYTHONPATH": str(ROOT)}), folder=ROOT) as process:
        ready_s = wait_until(
            lambda: accepts(port), process=process, what="the stub", log=log, timeout_s=READY_TIMEOUT_S
        )
        yield Service(port=port, process=process, ready_s=ready_s, log=log)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Boundless, "127.0.0.1", port, backlog=_BACKLOG)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.boundless", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    uvloop.run(_serve(parser.parse_args().port))


if __name__ == "__main__":
    main()
