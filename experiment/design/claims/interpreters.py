"""Claims about other interpreters: B29 to B31. They are skipped, with the reason, where an interpreter is missing.

docs/other-interpreters.md says how one is set up.
"""

from experiment.design.claims.cpu import BLOCKING, OFFLOAD
from experiment.design.claims.servers import NOOP
from experiment.design.claims.table import claim, ratio, saturated
from experiment.design.factors import server
from experiment.design.model import Comparison, Interval, at_least, at_most

WITHOUT_GIL, WITH_GIL = "3.14t", "3.14"
_GRINBERG = "Miguel Grinberg, «Python 3.14 Is Here. How Fast Is It?» (2025)"


def _threads(python: str, expected: Interval) -> Comparison:
    """Return what threads bring a PDF parse on all cores, under one interpreter."""
    on = server(interpreter=python, cores="all")
    return ratio(OFFLOAD, BLOCKING, load="closed-8-short", expected=expected, scatter=0.2, server=on)


def _newer(work: str, newer: str, older: str, expected: Interval, *, load: str) -> Comparison:
    """Return what one core serves under a newer interpreter, in relation to an older one."""
    on, before = server(interpreter=newer), server(interpreter=older)
    return saturated(work, work, expected, load=load, server=on, baseline_server=before)


claim(
    "B29",
    "no-gil-threads-parse-in-parallel",
    "With 8 users on all cores, threads of free-threaded Python 3.14 parse PDFs at least 1.3 times as much as its loop",
    f"{_GRINBERG}: four threads compute 2.0 to 3.1 times as much on 3.14t as on 3.14",
    _threads(WITHOUT_GIL, at_least(1.3)),
    refuted_by="threads give the parse less than 1.3 times the goodput",
    note="Without a GIL, two parses run on two cores. 1.3 is for two cores, which the SUT shares with the driver. "
    "PYTHON_GIL=0 keeps the GIL off: the interpreter takes it back when an extension module that does not declare "
    "itself fit is imported.",
    differs_in={"style"},
)
claim(
    "B29b",
    "gil-still-bites-in-3-14",
    "With 8 users on all cores, threads of Python 3.14 with the GIL parse PDFs at most 1.25 times as much as its loop",
    f"{_GRINBERG}: threads of the standard interpreter do not compute in parallel",
    _threads(WITH_GIL, at_most(1.25)),
    refuted_by="threads give the parse more than 1.25 times the goodput",
    note="The control of B29: the same version with its GIL. A15 asks the same of our own interpreter.",
    differs_in={"style"},
)
claim(
    "B29c",
    "no-gil-costs-a-tenth",
    "With 20 users, free-threaded Python 3.14 serves an empty async route at least 0.9 times as much as 3.14",
    "«The future of Python web services looks GIL-free» (2025): the penalty fell from 35 % in 3.13t to 5 to 10 %",
    _newer(NOOP, WITHOUT_GIL, WITH_GIL, at_least(0.9), load="closed-20"),
    refuted_by="it serves less than 0.9 times as much",
    note="Without the GIL, reference counts and containers need atomic operations and locks of their own. The same "
    "article found JSON routes of FastAPI about 20 % slower, where nothing runs in parallel.",
    differs_in={"interpreter"},
)
claim(
    "B30",
    "python-3-14-is-a-quarter-faster",
    "With 8 users on one core, Python 3.14 parses PDFs at least 1.25 times as much as 3.13",
    f"{_GRINBERG}: a recursive Fibonacci runs 27 % faster on 3.14 than on 3.13",
    _newer(BLOCKING, "3.14", "3.13", at_least(1.25), load="closed-8-short"),
    refuted_by="3.14 parses less than 1.25 times as much",
    note="The parser is pure Python, and does what programs do: it looks things up, makes objects, cuts strings. Calls "
    "alone, as in the source, gain the most. Both interpreters must be built with the same options.",
    differs_in={"interpreter"},
)
claim(
    "B30b",
    "python-3-13-is-faster-than-3-12",
    "With 8 users on one core, Python 3.13 parses PDFs at least 1.1 times as much as 3.12",
    "markshannon/faster-cpython: five times faster over four releases, which is 1.5 times in each",
    _newer(BLOCKING, "3.13", "3.12", at_least(1.1), load="closed-8-short"),
    refuted_by="3.13 parses less than 1.1 times as much",
    note="The plan's figure would be 1.5; a tenth is what a user would notice. Most of the plan's gains came in 3.11. "
    "Both interpreters must be built with the same options.",
    differs_in={"interpreter"},
)
claim(
    "B31",
    "interpreter-pools",
    "With 8 users on all cores, a pool of interpreters parses as many PDFs as a pool of processes",
    "Python 3.14's concurrent.futures.InterpreterPoolExecutor: interpreters with a GIL each, in one process",
    note="Not measured by this version: the pool came with Python 3.14, and the suite itself has to run on 3.11. A "
    "variant that only some interpreters can serve would need a catalogue of its own for each.",
)
