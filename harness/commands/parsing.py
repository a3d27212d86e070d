"""The words of a call, parsed by the tables of commands: only the module of the command that is called is loaded.

What is wrong with them is a UsageError, which names the nearest command or option.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import NoReturn

from bench_app.spelling import near
from experiment.errors import EXIT_MEANINGS, UsageError
from harness.commands.table import Command
from harness.commands.words import did_you_mean, nearest

Commands = Mapping[str, Command]
EXIT_CODES = "\n".join(["exit codes:", *(f"  {code:>3}  {meaning}" for code, meaning in EXIT_MEANINGS.items())])


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help in which the longest command has room beside its summary; argparse forgets that commands are indented."""

    def add_argument(self, action: argparse.Action) -> None:
        super().add_argument(action)
        if isinstance(action.choices, dict):
            self._action_max_length = max(self._action_max_length, 4 + max(map(len, action.choices)))


class BenchParser(argparse.ArgumentParser):
    """Raises UsageError instead of leaving the program; its help keeps the lines of texts as they are.

    Options are written out: a part of a name would be taken for another one where a command has both.
    """

    def __init__(self, **how: object) -> None:
        """Take what ArgumentParser takes."""
        super().__init__(**{"formatter_class": _Help, "allow_abbrev": False, **how})  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}\n{self.format_usage().strip()}")

    @property
    def options(self) -> list[str]:
        """The long options it knows."""
        return [each for each in self._option_string_actions if each.startswith("--")]

    @property
    def arguments(self) -> list[argparse.Action]:
        """What it takes, options and others, without its commands."""
        return [each for each in self._actions if not isinstance(each.choices, dict)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The words of a call, and the parser of the command that they begin with; of `bench` itself without one."""

    words: tuple[str, ...]
    parser: BenchParser


def parsed(top: BenchParser, table: Commands, words: Sequence[str]) -> argparse.Namespace:
    """Return the values of a call. Raises UsageError for words that are no call of one of these commands."""
    if not words:
        raise UsageError(f"say what to do: {', '.join(table)}. `{top.prog} --help` explains them.")
    call = add_called(top, table, words)
    args, rest = top.parse_known_args(call.words)
    if rest:
        raise UsageError(_left_over(rest[0], call, table))
    return args


def add_called(parser: BenchParser, table: Commands, words: Sequence[str]) -> Call:
    """Add every command of a table to the parser, and the arguments of the one that is called.

    The call's words are those given, its command as the table writes it. Raises UsageError, naming the nearest command,
    where the first word is none.
    """
    called = words[0] if words and not words[0].startswith("-") else ""
    if called:
        called = nearest(called, table, "command", listed_by=f"{parser.prog} --help")
    added = _added(parser, table)
    if not called:
        return Call(words=tuple(words), parser=parser)
    inner = _load(added[called], table[called])
    if inner is None:
        return Call(words=(called, *words[1:]), parser=added[called])
    below = add_called(added[called], inner, words[1:])
    return Call(words=(called, *below.words), parser=below.parser)


def add_all(parser: BenchParser, table: Commands) -> list[BenchParser]:
    """Add every command with its arguments, which loads the modules of all; return the parsers, this one first."""
    parsers = [parser]
    for name, sub in _added(parser, table).items():
        inner = _load(sub, table[name])
        parsers += [sub] if inner is None else add_all(sub, inner)
    return parsers


def _added(parser: BenchParser, table: Commands) -> dict[str, BenchParser]:
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=BenchParser)
    return {
        name: commands.add_parser(name, help=command.summary, description=command.description)
        for name, command in table.items()
    }


def _load(parser: BenchParser, command: Command) -> Commands | None:
    """Add a command's arguments; return its own table if it is a group, which has none."""
    module = import_module(f"harness.commands.{command.module}")
    parser.description = getattr(module, "DESCRIPTION", parser.description)
    inner: Commands | None = getattr(module, "COMMANDS", None)
    parser.epilog = getattr(module, "EPILOG", EXIT_CODES if inner else None)
    if inner is None:
        module.add_arguments(parser)
        parser.set_defaults(run=module.run)
    return inner


def _left_over(word: str, call: Call, table: Commands) -> str:
    """Say what is wrong with a word that no parser took."""
    parser = call.parser
    if not word.startswith("-"):
        return f"{word!r} is a word too many for `{parser.prog}`.\n{parser.format_usage().strip()}"
    option = word.partition("=")[0]
    command = next((each for each in call.words if each in table), None)
    if parser.prog == "bench" and command is not None:
        return f"{option} stands before the command; options stand after it: bench {command} {option}"
    hint = did_you_mean(near(option, parser.options))
    return f"`{parser.prog}` has no option {option}.{hint} `{parser.prog} --help` shows them all."
