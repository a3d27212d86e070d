"""Errors that a user can act on, as a tree.

BenchError                    anything that this project refuses or cannot do; shown without a traceback
|-- UsageError                the command line is wrong (exit 2)
|-- StoreError                a campaign's folder is missing, damaged or of another format (exit 2)
|-- InvalidMeasurementError   the campaign ran, but its results may not be judged (exit 4)
`-- EnvironmentUnfitError     the machine or a service it needs is not usable (exit 6)
"""

from collections.abc import Mapping
from enum import IntEnum


class Exit(IntEnum):
    """The exit codes of the `bench` command."""

    OK = 0
    OUR_FAULT = 1
    USAGE = 2
    GATE_FAILED = 3
    INVALID = 4
    ENVIRONMENT = 6
    INTERRUPTED = 130


EXIT_MEANINGS: Mapping[Exit, str] = {
    Exit.OK: "done",
    Exit.OUR_FAULT: "a fault of bench itself; the message names the file with the details",
    Exit.USAGE: "the call is wrong: a word, an option, or a folder or file it names",
    Exit.GATE_FAILED: "a gate failed: what --fail-on names has happened",
    Exit.INVALID: "measured, but the trials are not valid: nothing could be judged",
    Exit.ENVIRONMENT: "this machine, or an app or service that is needed, cannot do it",
    Exit.INTERRUPTED: "interrupted, as by Ctrl-C; what was measured is kept",
}
"""What each code means. In every case but the first a message says what happened."""


class BenchError(Exception):
    """Something this project refuses or cannot do. The message says what happened and what to do next."""

    exit_code = Exit.OUR_FAULT


class UsageError(BenchError):
    """The command names something that does not exist, or options that do not fit together."""

    exit_code = Exit.USAGE


class EnvironmentUnfitError(BenchError):
    """The machine, or a service on it, does not meet the campaign's needs."""

    exit_code = Exit.ENVIRONMENT


class InvalidMeasurementError(BenchError):
    """The campaign ran, but its measurements may not be judged."""

    exit_code = Exit.INVALID


class StoreError(BenchError):
    """A campaign's folder is missing, damaged or of a format this version does not read."""

    exit_code = Exit.USAGE
