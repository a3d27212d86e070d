"""The `bench` command: words in, exit code out. Each sub-command is a module of this folder, loaded when it is called.

To add one, write a module with `add_arguments(parser)` and `run(args) -> int`, and add a row to COMMANDS. A module may
have DESCRIPTION and EPILOG for its help. A group, such as `bench app`, has a table COMMANDS of its own instead.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from analysis.wording.printable import printable
from experiment.errors import BenchError, Exit
from harness.commands.output import failure_of, losable
from harness.commands.parsing import EXIT_CODES, BenchParser, add_called, parsed
from harness.commands.table import Command
from harness.system import interruption
from harness.system.faults import unexpected
from harness.system.refusals import EXIT, explain, refusal_in

COMMANDS = {
    "list": Command("listing", "show the variants, claims, loads and profiles there are"),
    "run": Command("run", "run a campaign: measure, judge, draw, report"),
    "claim": Command("claim", "measure what one claim needs, and judge it"),
    "sweep": Command("sweep", "goodput and response time against the offered rate"),
    "worker": Command("worker", "drive for a campaign that another machine measures"),
    "sut": Command("sut", "the app's side of --sut: ssh starts it, not people"),
    "app": Command("app", "an app of your own: which routes block, where, and the cure"),
    "report": Command("report", "draw a campaign's charts and report again"),
    "slides": Command("slides", "for a talk: one card a claim, a PDF deck, timelines"),
    "compare": Command("compare", "two campaigns: better, worse, same, undecided"),
    "trend": Command("trend", "the ratios of several campaigns over time"),
    "reproduce": Command("reproduce", "run a campaign again, and say what came out the same"),
    "answers": Command("answers", "common questions, answered with a campaign's numbers"),
    "publish": Command("publish", "make a campaign the repository's reference"),
    "serve": Command("serve", "run the app with all it needs, for curl, /docs and Locust"),
    "clean": Command("clean", "list and remove what a SIGKILL or a power cut left behind"),
    "doctor": Command("doctor", "is this machine fit, what is missing, how noisy is it"),
    "completion": Command("completion", "print what completes bench's words in a shell"),
}

_ABOUT = "Which FastAPI handler style for which work, and what the wrong one costs."


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
        args = parsed(new_parser(), COMMANDS, words)
        args.words = ["bench", *words]
        run: Callable[[argparse.Namespace], int] = args.run
        code = run(args)
    except BenchError as error:
        _say(str(error))
        code = error.exit_code
    except KeyboardInterrupt as error:
        interruption.note()
        _say(_interrupted(args, getattr(error, "__notes__", ())))
        code = Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the user has no use for a traceback
        code = _told(error, args)
    if interruption.is_noted() and code != Exit.INTERRUPTED:
        _say(_interrupted(args, ()))
        code = Exit.INTERRUPTED
    return code


def _interrupted(args: argparse.Namespace, notes: Sequence[str]) -> str:
    """Return what is said of an interruption; only a command that measures has anything to keep."""
    kept = ["What was measured is kept."] if hasattr(args, "beside") else []
    return " ".join(["interrupted.", *(notes or kept)])


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


def parser_for(words: Sequence[str]) -> BenchParser:
    """Return the parser with every command, and the arguments of the one that `words` begin with."""
    parser = new_parser()
    add_called(parser, COMMANDS, words)
    return parser


def new_parser() -> BenchParser:
    """Return the parser of `bench` itself, without its commands."""
    parser = BenchParser(prog="bench", description=_ABOUT, epilog=EXIT_CODES)
    shown = f"%(prog)s {version('handlerbench')}"
    parser.add_argument("--version", action="version", version=shown, help="show the version and exit")
    return parser


if __name__ == "__main__":
    sys.exit(main())
