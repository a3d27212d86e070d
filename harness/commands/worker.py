"""`bench worker`: a process that drives for a master elsewhere, until that ends or Ctrl-C."""

import argparse
import ipaddress

from experiment.errors import Exit
from harness.commands.words import core, endpoint, seconds
from harness.system.scratch import scratch
from harness.trial.joining import Joining, address_of, await_end, await_master, joined

_WAIT_S = 120.0

DESCRIPTION = """\
Drive for a campaign that another machine measures. It waits for the master,
sends what that says, and ends with it. It loads the master's machine, or the
address that --sut-host names, and nothing else."""
EPILOG = """\
examples:
  bench run --expect-workers 2 --master-bind 10.0.0.5 --sut-host 10.0.0.5
  bench worker --master 10.0.0.5
The first is typed on the app's machine, the second on each of the others;
docs/distributed.md has the rest."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--master", type=endpoint, metavar="HOST[:PORT]", required=True, help="the machine that measures"
    )
    parser.add_argument(
        "--wait", type=seconds, metavar="5m", default=_WAIT_S, help=f"wait so long for it (default: {_WAIT_S:g}s)"
    )
    parser.add_argument("--core", type=core, metavar="N", help="run on this core only")
    parser.add_argument("--sut-host", type=_address, metavar="ADDRESS", help="where the app is (default: the master's)")


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text[:60]!r} is no IP address, such as 10.0.0.5") from None


def run(args: argparse.Namespace) -> int:
    """Drive until the master ends. Raises EnvironmentUnfitError where there is none."""
    host, port = args.master
    asked = Joining(host=address_of(host), port=port, wait_s=args.wait, sut_host=args.sut_host, core=args.core)
    print(f"waiting for the master at {asked.master} ...", flush=True)
    await_master(asked)
    with scratch("worker-") as folder, joined(asked, folder / "worker.log") as channel:
        print(f"joined the master at {asked.master} as process {channel.process.pid}; Ctrl-C leaves it", flush=True)
        await_end(channel, asked, folder / "worker.log")
    print("the master has ended")
    return Exit.OK
