"""`bench serve`: the app with all it needs, until Ctrl-C."""

import argparse
import shlex
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NoReturn

from bench_app.catalogue import CATALOGUE
from experiment.design.factors import server
from experiment.errors import EnvironmentUnfitError, UsageError
from experiment.records.manifest import LOOPBACK
from harness.campaign.unserved import given_database, missing_for
from harness.campaign.workers import check_sut_host
from harness.commands.words import port
from harness.postgres.server import Database
from harness.system import interruption
from harness.system.pinning import plan_cores
from harness.system.places import LOCUSTFILES, short
from harness.system.process import accepts, tail
from harness.system.scratch import scratch
from harness.trial.app_settings import todays
from harness.trial.driver import LocustProcess
from harness.trial.rig import Rig
from harness.trial.sut import sut

_PORT = 8000

DESCRIPTION = """\
Serve every variant with all it needs (an upstream, PostgreSQL) on 127.0.0.1,
or on the one address that --sut-host names, until Ctrl-C. `make locust` drives
it; /docs lists the routes."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=port, default=_PORT, metavar="N", help=f"where to listen (default: {_PORT})")
    parser.add_argument(
        "--sut-host", default=LOOPBACK, metavar="ADDRESS", help=f"listen on this address of this machine ({LOOPBACK})"
    )


def run(args: argparse.Namespace) -> NoReturn:
    """Serve every variant until interrupted; then say what has become of port and database.

    Raises UsageError when the port is taken or the address is not this machine's, EnvironmentUnfitError when the app
    ends by itself.
    """
    check_sut_host(args.sut_host)
    if accepts(args.port, args.sut_host):
        raise UsageError(f"something listens on port {args.port} already; choose another with --port.")
    with scratch("serve-") as logs:
        locust = LocustProcess(log=logs / "driver.log", cores=())  # never started: Locust has a command of its own here
        stand = Rig(
            plan=plan_cores(),
            logs=logs,
            loads={},
            settings=todays(),
            locust=locust,
            database_url=given_database(),
            host=args.sut_host,
            spool=logs,
        )
        try:
            with closing(stand):
                _serve(stand, logs, args.port)
        except KeyboardInterrupt as error:
            error.add_note(farewell(args.port, stand.database.last, args.sut_host))
            raise


def _serve(stand: Rig, logs: Path, chosen: int) -> NoReturn:
    missing = missing_for(CATALOGUE)
    served = {name: v for name, v in CATALOGUE.items() if name not in missing}
    env, log = stand.environment(served), logs / "app.log"
    all_cores = server(cores="all")
    with sut(
        server=all_cores, environment=env, log=log, plan=stand.plan, port=chosen, patience_s=3.0, host=stand.host
    ) as service:
        _tell(service.url, len(served), missing)
        while service.is_alive:
            interruption.check()
            time.sleep(0.2)
        raise EnvironmentUnfitError(f"the app ended (code {service.process.returncode}).{tail(log)}")


def _tell(url: str, served: int, missing: Mapping[str, str]) -> None:
    locustfile, default = shlex.quote(short(LOCUSTFILES / "closed.py")), f"http://127.0.0.1:{_PORT}"
    print(f"serving {served} variants at {url} (docs at {url}/docs); Ctrl-C ends it")
    for reason in dict.fromkeys(missing.values()):
        print(f"  without {sum(1 for each in missing.values() if each == reason)} variants: {reason}")
    print(f"  curl {url}/sleep/async-native")
    print(f"  locust -f {locustfile}{'' if url == default else f' --host {url}'} --path /sleep/def", flush=True)


def farewell(chosen: int, database: Database | None, host: str = LOOPBACK) -> str:
    """Say what is left when all has been ended: looked at, not promised."""
    said = [f"something still listens on port {chosen}" if accepts(chosen, host) else f"port {chosen} is free"]
    if database is not None and database.data_dir is None:
        said.append("your database is kept")
    elif database is not None and database.data_dir is not None:
        is_left = database.data_dir.exists()
        said.append("its database is left; `bench clean` removes it" if is_left else "its database is removed")
    return f"The app has ended: {', and '.join(said)}."
