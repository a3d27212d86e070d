"""The app under test as a service: it is ready when its block begins, and ended when its block ends."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from experiment.design.factors import ServerConfig
from experiment.records.manifest import LOOPBACK
from harness.system.forks import Forks, forked_child
from harness.system.pinning import CorePlan
from harness.system.places import APP_FOLDER
from harness.system.process import Process, accepts, child, free_port, wait_until
from harness.system.services import READY_TIMEOUT_S, Service, clean_environment
from harness.trial.launch import can_be_forked, command, environment_of, python_for
from harness.trial.probe_log import probe_files


@contextmanager
def sut(
    *,
    server: ServerConfig,
    environment: Mapping[str, str],
    log: Path,
    plan: CorePlan,
    probe: Path | None = None,
    port: int | None = None,
    patience_s: float = 0.0,
    forks: Forks | None = None,
    host: str = LOOPBACK,
) -> Iterator[Service]:
    """Run the app under test, by default with `uvicorn` as in production: uvloop, httptools, no access log.

    By default it is killed at once when the block ends: a blocked loop would need seconds to drain, and nothing waits
    for its answers. With `forks` the usual launch is forked from a process that has imported everything, which saves
    the time of the imports. Raises FactorError for a server that cannot be started, and EnvironmentUnfitError for one
    that is not ready in time.
    """
    launch, chosen = server.launch(), port or free_port(host)
    words = command(launch, port=chosen, python=python_for(launch), host=host)
    probing = {} if probe is None else {"BENCH_PROBE_PATH": str(probe.absolute())}
    env = clean_environment({**environment, **probing, **environment_of(launch)})
    cores = plan.for_sut(all_cores=launch.all_cores)
    with ExitStack() as stack:
        if forks is None or not can_be_forked(launch):
            block = child(words, log=log, cores=cores, env=env, patience_s=patience_s, folder=APP_FOLDER)
            process: Process = stack.enter_context(block)
        else:
            arguments = words[words.index("uvicorn") + 1 :]
            process = stack.enter_context(
                forked_child(forks, arguments, env=env, log=log, cores=cores, folder=APP_FOLDER)
            )
        yield ready(process, port=chosen, log=log, probe=probe, processes=launch.processes, host=host)


def ready(
    process: Process,
    *,
    port: int,
    log: Path,
    probe: Path | None,
    processes: int,
    timeout_s: float = READY_TIMEOUT_S,
    host: str = LOOPBACK,
) -> Service:
    """Wait until an app serves, and return it as a service.

    Raises EnvironmentUnfitError, with the end of the app's log, when it ended or is not ready in time.
    """

    def is_ready() -> bool:
        # several workers share a socket that is open before they are ready; a ready worker has a probe file
        return accepts(port, host) and (probe is None or len(probe_files(probe)) >= processes)

    ready_s = wait_until(is_ready, process=process, what="the app", log=log, timeout_s=timeout_s)
    return Service(port=port, process=process, ready_s=ready_s, log=log, host=host)
