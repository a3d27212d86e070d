"""Which tests run in the same process when there are two.

xdist has `--dist loadgroup` for this, whose marks pytest 9.2 no longer passes on; a scheduler of one's own is the way
that xdist documents.
"""

from __future__ import annotations

from pathlib import PurePath

from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# What puts load on something, one after the other: two at a time would be in each other's way. Everything else only
# computes, or asks a server this or that, and may run beside them.
LOAD = {
    *("test_benchmarks", "test_commands", "test_database_trials", "test_end_to_end", "test_ledger"),
    *("test_locust_by_hand", "test_make", "test_trials", "test_trials_open", "test_wheel"),
}

# What looks at the same charts, which take longer to draw than all that is asked about them.
CHARTS = {"test_charts", "test_report"}


def group_of(nodeid: str) -> str:
    """Return the group of a test: its file's, or its file."""
    module = PurePath(nodeid.partition("::")[0]).stem
    if module in LOAD:
        return "load"
    return "charts" if module in CHARTS else module


class Together(LoadScopeScheduling):  # type: ignore[misc]  # untyped
    """Hands out whole groups, the largest first."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)
