"""Every command the docs tell a reader to type, and how tests run a target of the Makefile."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from os.path import relpath  # a folder whose path has a space in it is no word of a recipe
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(
    ROOT / page
    for page in (
        "README.md",
        "CONTRIBUTING.md",
        *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md")),
        "results/README.md",
        "locustfiles/README.md",
    )
)
PROGRAMS = ("bench", "make", "locust", "python", "pytest", "curl", "test", "uv", "pip")
# What stands for a reader's own word, and a word to run it with. X1 is the claim that add-something.md has one write.
STAND_INS = {"ID": "A1", "X1": "A1", "DIR": "results/latest", "BEFORE": "results/before", "AFTER": "results/after"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of a page: a line of a code block, or a span of code inside a sentence."""

    page: str
    line: str
    block: int  # commands of one block share a folder; 0: spans of code inside sentences

    @property
    def is_inline(self) -> bool:
        """Whether it stands inside a sentence."""
        return self.block == 0

    @property
    def words(self) -> list[str]:
        """What a shell makes of it."""
        return shlex.split(self.line)

    @property
    def program(self) -> str:
        """The program without its folder."""
        return self.words[0].rpartition("/")[2]

    @property
    def plain(self) -> str:
        """The command without its program's folder, `make -C` likewise, with stand-ins for a reader's own words."""
        words = re.sub(r"^make -C \S+", "make", self.line.removeprefix(self.words[0].removesuffix(self.program)))
        return " ".join(STAND_INS.get(word, word) for word in words.split(" "))

    @property
    def is_name(self) -> bool:
        """Whether a sentence only names it, as `bench compare` names what cannot run without two folders."""
        is_short = len(self.words) == 2 or (self.words[1:2] == ["app"] and len(self.words) == 3)
        return self.is_inline and self.program in {"bench", "locust"} and is_short


@cache
def commands() -> tuple[Command, ...]:
    """Return the commands of every page, in its order."""
    return tuple(found for page in PAGES for found in commands_of(page))


def commands_of(page: Path) -> list[Command]:
    """Return the commands of a page: its sentences' first, then block by block."""
    name, text = str(page.relative_to(ROOT)), page.read_text(encoding="utf-8")
    fenced = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL).splitlines()
    indented = [line for line in prose if line.startswith((" " * 4, "\t"))]
    spans = re.findall(r"`([^`]+)`", "\n".join(line for line in prose if line not in indented))
    blocks = [[" ".join(span.split()) for span in spans]]
    blocks += [[_typed(line) for line in lines] for lines in (indented, *map(str.splitlines, fenced))]
    return [
        Command(page=name, line=line, block=number)
        for number, lines in enumerate(blocks)
        for line in dict.fromkeys(lines)
        if _is_command(line)
    ]


def _typed(line: str) -> str:
    """Return what of a line is typed: no list mark or `run:` of a workflow, no comment."""
    return re.sub(r"^\s*(- )?(run: (?!\|))?", "", line).partition("  #")[0].strip()


def _is_command(line: str) -> bool:
    return re.match(rf"(\S*/)?({'|'.join(PROGRAMS)}) \S", line) is not None


def make(target: str, args: str = "") -> list[str]:
    """Return the command line that runs a target with this Python's programs; it never installs anything."""
    given = [
        *_ALONE,
        "make",
        "--directory",
        str(ROOT),
        *_INSTALLED,
        f"BIN={relpath(Path(sys.executable).parent, ROOT)}",
        target,
    ]
    return [*given, f"ARGS={args}"] if args else given


# Under `make test`, what was given to that make is not meant for these.
_ALONE = ("env", "--unset=MAKEFLAGS", "--unset=MFLAGS", "--unset=MAKEOVERRIDES")
_INSTALLED = ("--old-file=.venv/.installed", "--old-file=.venv/.installed-dev")


def made(target: str, args: str = "", *, timeout_s: float = 60.0) -> str:
    """Run a target to its end and return what it printed; it must succeed."""
    done = subprocess.run(make(target, args), capture_output=True, text=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
