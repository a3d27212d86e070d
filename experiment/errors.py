"""Errors a person can act on, as a tree.

BenchError                    anything this project says no to; shown without a traceback
|-- UsageError                the words of the call are off (exit 2)
|-- StoreError                a campaign's folder is missing, damaged or of another format (exit 2)
|-- InvalidMeasurementError   it ran, but what came out may not be judged (exit 4)
`-- EnvironmentUnfitError     the machine or a service it needs is not fit (exit 6)
"""

from __future__ import annotations

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


class BenchError(Exception):
    """Something we refuse or cannot do; the message says what happened and what to do next."""

    exit_code = Exit.OUR_FAULT


class UsageError(BenchError):
    """The call names something that does not exist, or words that do not fit together."""

    exit_code = Exit.USAGE


class EnvironmentUnfitError(BenchError):
    """The machine, or a service on it, is not as the campaign needs it."""

    exit_code = Exit.ENVIRONMENT


class InvalidMeasurementError(BenchError):
    """The campaign ran, but its measurements may not be judged."""

    exit_code = Exit.INVALID


class StoreError(BenchError):
    """A campaign's folder is missing, damaged or of a format this version does not read."""

    exit_code = Exit.USAGE
