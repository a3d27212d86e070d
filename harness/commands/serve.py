"""`bench serve`: the app with all it needs, until Ctrl-C."""

import argparse
import shlex
import time
from contextlib import closing
from typing import NoReturn

from bench_app.catalogue import CATALOGUE
from experiment.design.factors import server
from experiment.errors import EnvironmentUnfitError, UsageError
from harness.campaign.unserved import given_database, missing_for
from harness.system import interruption
from harness.system.pinning import plan_cores
from harness.system.places import LOCUSTFILES, short
from harness.system.process import accepts, tail
from harness.system.scratch import scratch
from harness.trial.app_settings import todays
from harness.trial.driver import LocustProcess
from harness.trial.rig import Rig
from harness.trial.sut import sut

_HIGHEST_PORT = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=8000, metavar="N", help="where to listen (default: 8000)")


def run(args: argparse.Namespace) -> NoReturn:
    """Serve every variant on 127.0.0.1 until interrupted.

    Raises UsageError when the port is taken, EnvironmentUnfitError when the app ends by itself.
    """
    port: int = args.port
    if not 1 <= port <= _HIGHEST_PORT:
        raise UsageError(f"{port} is no port; ports go from 1 to {_HIGHEST_PORT}.")
    if accepts(port):
        raise UsageError(f"something listens on port {port} already; choose another with --port.")
    plan, locustfile = plan_cores(), shlex.quote(short(LOCUSTFILES / "closed.py"))
    with scratch("serve-") as logs:
        locust = LocustProcess(log=logs / "driver.log", cores=())  # never started: Locust has a command of its own here
        stand = Rig(
            plan=plan, logs=logs, loads={}, settings=todays(), locust=locust, database_url=given_database(), spool=logs
        )
        with closing(stand):
            missing = missing_for(CATALOGUE)
            served = {name: v for name, v in CATALOGUE.items() if name not in missing}
            env = stand.environment(served)
            log = logs / "app.log"
            with sut(
                server=server(cores="all"), environment=env, log=log, plan=plan, port=port, patience_s=3.0
            ) as service:
                print(f"serving {len(served)} variants at {service.url} (docs at {service.url}/docs); Ctrl-C ends it")
                print(f"  curl {service.url}/sleep/async-native")
                print(f"  locust -f {locustfile} --host {service.url} --path /sleep/def")
                while service.is_alive:
                    interruption.check()
                    time.sleep(0.2)
                raise EnvironmentUnfitError(f"the app ended (code {service.process.returncode}).{tail(log)}")
