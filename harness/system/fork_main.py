"""What forks fresh SUTs: `python -m harness.system.fork_main`, which has imported what every SUT imports.

It reads orders from stdin, one JSON object a line, and writes what happened to stdout: {"ready": true} once, {"pid": N}
for each order, and {"pid": N, "code": C} when that process ended. It has one thread and no event loop, so a fork of it
is as good as a new interpreter: the child gets its own process group, environment, cores, folder and log, and then runs
`python -m uvicorn` with the arguments of the order. It ends when stdin does.

Nothing is frozen for the garbage collector: in a SUT that was started the usual way it looks at all modules as well.
"""

import ctypes
import gc
import json
import os
import random
import runpy
import select
import signal
import sys
import tempfile
import traceback
from contextlib import suppress
from importlib import import_module
from typing import Any, NoReturn

_LOOK_EVERY_S = 60.0
_LOADED = (
    *("bench_app.app", "uvicorn.main", "uvicorn.lifespan.on", "uvicorn.loops.uvloop"),
    *("uvicorn.protocols.http.httptools_impl", "uvicorn.protocols.websockets.auto"),
)
"""What every SUT loads. What a variant's handlers use besides, its own lifespan loads after the fork."""

_PR_SET_PDEATHSIG = 1
_HANDLERS_RESET = (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM)


def say(message: dict[str, Any]) -> None:
    os.write(1, json.dumps(message).encode() + b"\n")


def become(order: dict[str, Any], libc: Any) -> NoReturn:
    """Turn this forked process into the SUT of an order; it ends with uvicorn's own code."""
    code = 1
    try:
        _detach(order, libc)
        os.environ.clear()
        os.environ.update(order["env"])
        random.seed()
        tempfile.tempdir = None  # which may have been found out before the fork, in another environment
        sys.argv = ["uvicorn", *order["arguments"]]
        runpy.run_module("uvicorn", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - as the interpreter does with what nobody catches
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _detach(order: dict[str, Any], libc: Any) -> None:
    if libc is not None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != order["parent"]:  # it died before the kernel was asked
            os._exit(1)
    signal.set_wakeup_fd(-1)
    for number in _HANDLERS_RESET:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for target, source in ((0, nothing), (1, log), (2, log)):
        os.dup2(source, target)
    os.closerange(3, max(map(int, os.listdir("/dev/fd"))) + 1)  # noqa: PTH208 - names, not paths
    if order["cores"]:
        os.sched_setaffinity(0, order["cores"])
    os.chdir(order["folder"])


def reap() -> None:
    """Tell of every child that has ended."""
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            say({"pid": ended[0], "code": os.waitstatus_to_exitcode(ended[1])})


def main() -> None:
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    wakeup, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.set_wakeup_fd(woken)
    for name in _LOADED:
        import_module(name)
    gc.collect()
    say({"ready": True})
    rest = b""
    while True:
        ready, _, _ = select.select([0, wakeup], [], [], _LOOK_EVERY_S)  # nothing to do is no error
        if wakeup in ready:
            os.read(wakeup, 4096)
            reap()
        if 0 in ready:
            data = os.read(0, 65536)
            if not data:
                return
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                _fork(json.loads(line), libc)


def _fork(order: dict[str, Any], libc: Any) -> None:
    """Fork, and tell of the child once it leads a process group of its own: it is ended by that."""
    order["parent"] = os.getpid()
    pid = os.fork()
    os.setpgid(pid, pid or os.getpid())
    if pid == 0:
        become(order, libc)
    say({"pid": pid})


if __name__ == "__main__":
    main()
