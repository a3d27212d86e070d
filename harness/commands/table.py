"""What a table of commands is made of."""

from typing import NamedTuple


class Command(NamedTuple):
    """A command: the module of this folder that is it, and what it does in one line of at most 62 signs.

    The module has `add_arguments(parser)` and `run(args) -> int`; or it is a group and has a table COMMANDS of its own.
    It may have DESCRIPTION and EPILOG for its help.
    """

    module: str
    summary: str

    @property
    def description(self) -> str:
        """The summary as a sentence: what the help of a command without a DESCRIPTION begins with."""
        return f"{self.summary[:1].upper()}{self.summary[1:]}."
