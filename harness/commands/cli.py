"""The `bench` command: words in, exit code out. Each sub-command is a module of this folder, loaded when it is called.

To add one, write a module with `add_arguments(parser)` and `run(args) -> int`, and add a row to COMMANDS. A module may
have DESCRIPTION and EPILOG for its help. A group, such as `bench app`, has a table COMMANDS of its own instead.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import NoReturn

from analysis.wording.printable import printable
from experiment.errors import BenchError, Exit, UsageError
from harness.commands.output import failure_of, losable
from harness.commands.table import Command
from harness.commands.words import nearest
from harness.system import interruption
from harness.system.faults import unexpected
from harness.system.refusals import EXIT, explain, refusal_in

COMMANDS = {
    "list": Command("listing", "show the variants, claims and loads there are"),
    "run": Command("run", "run a campaign: measure, judge, draw, report"),
    "claim": Command("claim", "measure what one claim needs, and judge it"),
    "sweep": Command("sweep", "goodput and response time of variants against the offered rate"),
    "app": Command("app", "an app of your own: which routes block, at which lines, what a change brings"),
    "report": Command("report", "draw a campaign's charts and report again"),
    "slides": Command("slides", "for a talk: one card a claim, a PDF deck, animated timelines"),
    "compare": Command("compare", "set two campaigns beside each other: better, worse, same, undecided"),
    "trend": Command("trend", "the ratios of several campaigns over time: charts and a table"),
    "reproduce": Command("reproduce", "run somebody else's campaign again, and say what came out the same"),
    "answers": Command("answers", "the questions people ask, answered with a campaign's numbers"),
    "publish": Command("publish", "make a campaign the repository's reference; renews README and answers"),
    "serve": Command("serve", "run the app with all it needs, for curl, /docs and Locust"),
    "clean": Command("clean", "list and remove what a SIGKILL or a power cut left behind"),
    "doctor": Command("doctor", "say whether this machine is fit, what is missing, and how noisy it is"),
}

_EXIT_CODES = """\
exit codes: 0 done, 1 our fault, 2 the words of the call, 3 a gate failed, 4 the measurement is not valid,
            6 the machine or a service is not fit, 130 interrupted"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code. Errors are told in a sentence, never by a traceback."""
    interruption.forget()
    interruption.listen()
    words = list(sys.argv[1:] if argv is None else argv)
    with losable() as out:
        code = _ended(words)
        out.flush()
        lost = failure_of(out)
        if lost is not None:
            _say(explain(lost))
    if argv is None:
        interruption.ignore()  # all is done, but for what Python does before it leaves
    return Exit.ENVIRONMENT if lost is not None and code == Exit.OK else code


def _ended(words: list[str]) -> int:
    """Run the command to its end, whatever that is, and say what went wrong."""
    args = argparse.Namespace()
    try:
        args = parser_for(words).parse_args(words)
        args.words = ["bench", *words]
        run: Callable[[argparse.Namespace], int] = args.run
        code = run(args)
    except BenchError as error:
        _say(str(error))
        code = error.exit_code
    except KeyboardInterrupt as error:
        interruption.note()
        notes = getattr(error, "__notes__", ["What was measured is kept."])
        _say(f"interrupted. {' '.join(notes)}")
        code = Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the user has no use for a traceback
        code = _told(error, args)
    if interruption.is_noted() and code != Exit.INTERRUPTED:
        _say("interrupted. What was measured is kept.")
        code = Exit.INTERRUPTED
    return code


def _told(error: Exception, args: argparse.Namespace) -> Exit:
    """Say what the system refused, or that the fault is ours; return the exit code."""
    refused = refusal_in(error)
    if refused is None:
        _say(str(unexpected(error, _logs(args))))
        return Exit.OUR_FAULT
    _say(" ".join([explain(refused), *getattr(error, "__notes__", ())]))
    return EXIT


def _say(text: str) -> None:
    print(f"bench: {printable(text)}", file=sys.stderr)


def _logs(args: argparse.Namespace) -> Path | None:
    """Return the logs/ of the campaign that a command was given, if any."""
    given = [getattr(args, name, None) for name in ("dir", "resume", "out")]
    return next((path / "logs" for path in given if isinstance(path, Path)), None)


class _Parser(argparse.ArgumentParser):
    """Raises UsageError instead of leaving the program."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message}\n{self.format_usage().strip()}")


def parser_for(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Return the parser with every command, and the arguments of the one that `words` begin with.

    Only that command's module is loaded, so that `bench --help` is quick. Raises UsageError, naming the nearest one,
    where the first word is no command.
    """
    parser = _Parser(
        prog="bench",
        description="Which FastAPI handler style for which work, and what the wrong one costs.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('handlerbench')}")
    _add_commands(parser, COMMANDS, words, "bench")
    return parser


def _add_commands(
    parser: argparse.ArgumentParser, table: Mapping[str, Command], words: Sequence[str], before: str
) -> None:
    called = words[0] if words and not words[0].startswith("-") else ""
    if called and called not in table:
        nearest(called, table, "command", listed_by=f"{before} --help")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for name, command in table.items():
        sub = commands.add_parser(name, help=command.summary, formatter_class=argparse.RawDescriptionHelpFormatter)
        if name == called:
            _load(sub, command, words[1:], f"{before} {name}")


def _load(parser: argparse.ArgumentParser, command: Command, words: Sequence[str], called: str) -> None:
    module = import_module(f"harness.commands.{command.module}")
    inner: Mapping[str, Command] | None = getattr(module, "COMMANDS", None)
    parser.description = getattr(module, "DESCRIPTION", None)
    parser.epilog = getattr(module, "EPILOG", _EXIT_CODES if inner else None)
    if inner is not None:
        _add_commands(parser, inner, words, called)
        return
    module.add_arguments(parser)
    parser.set_defaults(run=module.run)


if __name__ == "__main__":
    sys.exit(main())
