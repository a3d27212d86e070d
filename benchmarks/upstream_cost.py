"""What the upstream stub costs: `python -m benchmarks.upstream_cost` prints its CPU time a request.

Starts the stub without delay and asks it over a few keep-alive connections for some seconds. The figure bounds what the
stub takes from the core that it shares with others.
"""

import argparse
import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import uvloop

from harness.system.services import upstream

CONNECTIONS = 16
REQUEST = b"GET /weather/oslo HTTP/1.1\r\nhost: upstream\r\n\r\n"


async def ask_until(deadline_t: float, port: int) -> int:
    """Ask over one connection, again as soon as answered, until `deadline_t` (monotonic); return the count."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answered = 0
    while time.monotonic() < deadline_t:
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length:")[1].split()[0]))
        answered += 1
    writer.close()
    return answered


async def ask(port: int, seconds: float) -> int:
    """Ask over CONNECTIONS connections for `seconds`; return how many answers came."""
    deadline_t = time.monotonic() + seconds
    return sum(await asyncio.gather(*(ask_until(deadline_t, port) for _ in range(CONNECTIONS))))


def cpu_s(process: psutil.Process) -> float:
    """Return the CPU seconds that `process` has used, in user and kernel mode."""
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.upstream_cost", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=4.0)
    seconds = parser.parse_args().seconds
    with TemporaryDirectory() as folder, upstream(delay_s=0, log=Path(folder) / "log", cores=()) as stub:
        process = psutil.Process(stub.process.pid)
        uvloop.run(ask(stub.port, 0.3))
        before_s = cpu_s(process)
        answered = uvloop.run(ask(stub.port, seconds))
        spent_s = cpu_s(process) - before_s
    print(f"upstream: {spent_s / answered * 1e6:.1f} CPU-us a request ({answered / seconds:.0f} requests a second)")


if __name__ == "__main__":
    main()
