"""What the upstream stub costs: `python -m benchmarks.upstream_cost` prints its CPU time a request.

Starts the stub without delay and asks it over a few keep-alive connections for some seconds. The figure bounds what the
stub takes from the core that it shares with others.
"""

import argparse
import asyncio
import socket
import subprocess
import sys
import time
from contextlib import suppress

import psutil
import uvloop

CONNECTIONS = 16
REQUEST = b"GET /weather/oslo HTTP/1.1\r\nhost: upstream\r\n\r\n"


async def ask_until(deadline_t: float, host: str, port: int) -> int:
    """Ask over one connection, again as soon as answered, until `deadline_t` (monotonic); return the count."""
    reader, writer = await asyncio.open_connection(host, port)
    answered = 0
    while time.monotonic() < deadline_t:
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(head.lower().split(b"content-length:")[1].split()[0]))
        answered += 1
    writer.close()
    return answered


async def ask(host: str, port: int, seconds: float) -> int:
    """Ask over CONNECTIONS connections for `seconds`; return how many answers came."""
    deadline_t = time.monotonic() + seconds
    return sum(await asyncio.gather(*(ask_until(deadline_t, host, port) for _ in range(CONNECTIONS))))


def cpu_s(process: psutil.Process) -> float:
    """Return the CPU seconds that `process` has used, in user and kernel mode."""
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.upstream_cost", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--seconds", type=float, default=4.0)
    seconds = parser.parse_args().seconds
    host, port = "127.0.0.1", free_port()
    command = [sys.executable, "-m", "harness.system.upstream", "--port", str(port), "--delay-s", "0"]
    with subprocess.Popen(command) as stub:
        try:
            wait_until_accepting(host, port)
            process = psutil.Process(stub.pid)
            uvloop.run(ask(host, port, 0.3))
            before_s = cpu_s(process)
            answered = uvloop.run(ask(host, port, seconds))
            spent_s = cpu_s(process) - before_s
        finally:
            stub.terminate()
    print(f"upstream: {spent_s / answered * 1e6:.1f} CPU-us a request ({answered / seconds:.0f} requests a second)")


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def wait_until_accepting(host: str, port: int, limit_s: float = 10.0) -> None:
    """Wait until something accepts connections there. Raises TimeoutError after `limit_s` seconds."""
    deadline_t = time.monotonic() + limit_s
    while time.monotonic() < deadline_t:
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nothing accepts connections at {host}:{port}")


if __name__ == "__main__":
    main()
