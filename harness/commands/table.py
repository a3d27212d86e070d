"""What a table of commands is made of."""

from typing import NamedTuple


class Command(NamedTuple):
    """A command: the module of this folder that is it, and what it does in one line.

    The module has `add_arguments(parser)` and `run(args) -> int`; or it is a group and has a table COMMANDS of its own.
    """

    module: str
    summary: str
