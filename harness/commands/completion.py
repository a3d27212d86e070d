"""`bench completion SHELL`: what completes the words of `bench` in a shell, as a script to keep.

What an argument is completed with follows from its metavar: a row of WORDS or PLACES. The script is static, so that
pressing Tab starts no Python; a test holds that every argument with a value has a row here, or is free text.
"""

import argparse
from collections.abc import Callable, Iterable, Mapping

from bench_app.catalogue import CATALOGUE
from experiment.design.claims import CLAIMS
from experiment.design.profiles import PROFILES
from experiment.errors import Exit
from harness.commands import cli
from harness.commands.listing import KINDS
from harness.commands.parsing import BenchParser, add_all
from harness.commands.words import one_of

SHELLS = ("bash", "zsh", "fish")
WORDS: Mapping[str, Callable[[], Iterable[str]]] = {
    "ID": lambda: CLAIMS,
    **dict.fromkeys(("A1,A2", "A1,A8"), lambda: CLAIMS),
    "VARIANT": lambda: CATALOGUE,
    "PROFILE": lambda: PROFILES,
    "KIND": lambda: KINDS,
    "SHELL": lambda: SHELLS,
}
PLACES: Mapping[str, str] = {
    **dict.fromkeys(("DIR", "A", "B", "REF|DIR"), "directory"),
    **dict.fromkeys(("FILE", "PYTHON", "PATH"), "file"),
}

DESCRIPTION = """\
Print a script that completes commands, options, ids and folders. Keep it where
your shell looks for such scripts, and open a new shell."""
EPILOG = """\
examples:
  bench completion bash > ~/.local/share/bash-completion/completions/bench
  bench completion zsh > ~/.zfunc/_bench      (a folder of your fpath)
  bench completion fish > ~/.config/fish/completions/bench.fish
Write it again after an update."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shell = one_of("shell to complete in", SHELLS, listed_by="bench completion --help")
    parser.add_argument("shell", metavar="SHELL", type=shell, help="bash, zsh or fish")


def run(args: argparse.Namespace) -> int:
    import shtab

    print(shtab.complete(completing(), shell=args.shell))
    return Exit.OK


def completing() -> BenchParser:
    """Return the parser of every command, each argument of which knows what it is completed with."""
    from shtab import DIRECTORY, FILE

    parser, places = cli.new_parser(), {"directory": DIRECTORY, "file": FILE}
    for each in add_all(parser, cli.COMMANDS):
        each.description = None  # a shell shows one line, and the summary is one
        for action in each.arguments:
            name = str(action.metavar)
            if name in WORDS:
                action.choices = tuple(WORDS[name]())
            elif name in PLACES:
                vars(action)["complete"] = places[PLACES[name]]
    return parser
