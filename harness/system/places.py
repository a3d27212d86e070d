"""Where things lie: what is written goes under the current folder, what is read lies beside our packages.

The packages lie in the root of a checkout, or, when a wheel was installed, in site-packages.
"""

import os
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parents[2]
CHECKOUT = HOME if (HOME / "results" / "README.md").is_file() else None
"""The checkout's root; None when this is installed from a wheel, which has no docs, no reference and no git."""
APP_FOLDER = CHECKOUT or Path("/")
"""Where the SUT is started: app servers look in their own folder first, and a `bench_app` of the user's is not ours."""

RESULTS = Path("results")
REFERENCE = (CHECKOUT or Path()) / RESULTS / "reference"
FOLKLORE_REFERENCE = REFERENCE.with_name("reference-folklore")
"""The campaign over the claims beyond the article, once there is one."""
GUEST = HOME / "guest"
"""The only folder of ours that an app of somebody else's finds its modules in."""
LOCUSTFILES = HOME / "locustfiles"
LOCUST_SCRIPT = LOCUSTFILES / "trials.py"
WORKER_SCRIPT = LOCUSTFILES / "worker.py"


def python(module: str) -> list[str]:
    """Return the first words of a command that runs a module with this Python.

    -P keeps the current folder out of the search: an `analysis` or `harness` of the user's is not ours.
    """
    return [sys.executable, "-P", "-m", module]


def short(path: Path) -> str:
    """Return a path as seen from the current folder if it lies below it, else absolute."""
    full = Path(os.path.realpath(path))  # Path.resolve() raises RuntimeError for links in a circle
    return str(full.relative_to(Path.cwd()) if full.is_relative_to(Path.cwd()) else full)
