"""A table of damaged and hostile files of a campaign: what is done to which file, and what is said of it.

`python tests/support/hostile_inputs.py` writes docs/reliability-inputs.md from it; a test holds the page against it.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

MANIFEST, TRIALS, LATENCY, THROUGHPUT = "manifest.json", "trials.csv", "latency.csv", "throughput.csv"
TABLES = (TRIALS, LATENCY, THROUGHPUT)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability-inputs.md"


@dataclass(frozen=True, slots=True)
class HostileInput:
    """One input: in words, the file, what changes it, and a part of the one sentence that is said of it."""

    words: str
    file: str
    change: Callable[[Path], object]
    said: str


def _bytes(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def _add(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(path.read_bytes() + data)


def _row_again(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines, lines[1]]))


def _more_cells(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], b"1," + lines[1], *lines[2:]]))


def _fewer_cells(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], lines[1].partition(b",")[2], *lines[2:]]))


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _link(path: Path) -> None:
    real = path.with_name("elsewhere")
    path.rename(real)
    path.symlink_to(real)


def _endless(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _sparse(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(5 * 2**30)


def cell(column: str, text: str) -> Callable[[Path], object]:
    """Return what writes a text into a column of the first row."""

    def change(path: Path) -> None:
        head, row, *rest = path.read_text(encoding="utf-8").split("\n")
        names, cells = head.split(","), row.split(",")
        cells[names.index(column)] = text
        path.write_text("\n".join([head, ",".join(cells), *rest]), encoding="utf-8")

    return change


def key(place: str, value: Any) -> Callable[[Path], object]:
    """Return what sets a key of the manifest; `place` is its path, parted by slashes."""

    def change(path: Path) -> None:
        loaded = json.loads(path.read_text(encoding="utf-8"))
        *way, last = place.split("/")
        at = loaded
        for name in way:
            at = at[int(name)] if isinstance(at, list) else at[name]
        at[int(last) if isinstance(at, list) else last] = value
        path.write_text(json.dumps(loaded), encoding="utf-8")

    return change


def _twice(path: Path) -> None:
    path.write_text(path.read_text(encoding="utf-8").replace("{", '{"campaign": "another",', 1), encoding="utf-8")


def _claim_again(path: Path) -> None:
    loaded = json.loads(path.read_text(encoding="utf-8"))
    loaded["claims"].append(loaded["claims"][0])
    path.write_text(json.dumps(loaded), encoding="utf-8")


_OF_EVERY_FILE = (
    ("missing", Path.unlink, ""),
    ("empty", _bytes(b""), ""),
    ("a directory in its place", _directory, "is a directory"),
    ("a link in its place", _link, "is a link"),
    ("a link to an endless device in its place", _endless, "is a link"),
    ("a named pipe in its place", _pipe, "is no regular file"),
    ("5 GiB of nothing", _sparse, "is larger than"),
)
_OF_EVERY_TABLE = (
    ("a row with a cell more", _more_cells, "line 2: the line has"),
    ("a row with a cell less", _fewer_cells, "line 2: the line has"),
    ("a row twice", _row_again, "already"),
    ("an empty line", _add(b"\n"), "the line has"),
    ("a NUL", _add(b"\0\n"), "holds a NUL"),
    ("not UTF-8", _add(b"\xff\xfe\n"), "is not UTF-8"),
    ("a line of 100 MB", _add(b"x" * 100_000_000 + b"\n"), ""),
    ("a line without an end of 100 MB", _add(b"x" * 100_000_000), ""),
    ("text that is no table", _bytes(b"hello\nworld\n"), ""),
    ("a trial's name with a path in it", cell("trial_id", "../../t1"), "trial_id is '../../t1'"),
    ("a trial's name with an escape sequence", cell("trial_id", "t1\x1b[2J"), "trial_id is 't1\\x1b[2J'"),
)
_CELLS = (
    *((THROUGHPUT, "answers", t) for t in ("x", "1.5", "-1", "nan", "9" * 400, "1_0", "\u0663")),
    *((LATENCY, "count", t) for t in ("x", "1.5", "-1", "0", "", "9" * 400)),
    *((LATENCY, "bucket", t) for t in ("-1", "99999999")),
    *((LATENCY, "series", t) for t in ("respons", "")),
    *((LATENCY, "censored", t) for t in ("3", "-1")),
    *((TRIALS, "answers", t) for t in ("x", "1.5", "-1", "9" * 400)),
    *((TRIALS, "goodput_rps", t) for t in ("fast", "nan", "inf", "-inf", "-1", "1e999", "1e300")),
    *((TRIALS, "duration_s", t) for t in ("", "-5", "nan")),
    *((TRIALS, "round", t) for t in ("0", "-1", "")),
    *((TRIALS, "share_on_loop", t) for t in ("1.5", "-0.5")),
    *((TRIALS, "response_p50_is_floor", t) for t in ("maybe", "2")),
    *((TRIALS, "treatment", t) for t in ("unknown@closed-20", "../../etc/passwd", "")),
    *((TRIALS, "variant", t) for t in ("unknown.style", "noop.def")),
    *((TRIALS, "load", t) for t in ("closed-80", "")),
    *((TRIALS, "rules", t) for t in ("<script>", "\x1b[31m")),
)
_OF_NO_WORK = {"id": "rest.def@closed-20", "variant": "rest.def", "load": "closed-20"}
_KEYS: tuple[tuple[str, Any, str], ...] = (
    ("format_version", 3, "has format 3"),
    ("format_version", "2", "has format '2'"),
    ("format_version", True, "has format True"),
    ("format_version", None, "has format None"),
    ("campaign", "../../x", "campaign"),
    ("campaign", "", "campaign"),
    ("campaign", "a\x00b", "campaign"),
    ("campaign", 5, "campaign"),
    ("seed", 10**30, "seed"),
    ("seed", "7", "seed"),
    ("alpha", 0.0, "alpha"),
    ("alpha", 1.5, "alpha"),
    ("judge", "9", "judge"),
    ("unknown_key", 1, "unknown_key: no such key"),
    ("profile/budget_s", -1.0, "profile.budget_s"),
    ("profile/max_rounds", 10**9, "profile.max_rounds"),
    ("profile/time_scale", 0.0, "profile.time_scale"),
    ("host/cores", 0, "host.cores"),
    ("host/cores", 2.5, "host.cores"),
    ("settings/sleep_s", "0.1", "settings.sleep_s"),
    ("settings/sleep_s", -0.1, "settings.sleep_s"),
    ("settings/sleep_s", 1e300, "settings.sleep_s"),
    ("settings", [], "settings"),
    ("loads/closed-20/users", 10**9, "loads.closed-20.users"),
    ("loads/closed-20/users", 0, "users must be at least 1"),
    ("loads/closed-20/users", -5, "loads.closed-20.users"),
    ("loads/closed-20/window_s", 0.0, "loads.closed-20.window_s"),
    ("loads/closed-20/window_s", 1e12, "loads.closed-20.window_s"),
    ("loads/closed-20/warmup_s", -1.0, "loads.closed-20.warmup_s"),
    ("loads/closed-20/max_in_flight", 10**9, "loads.closed-20.max_in_flight"),
    ("loads/closed-20/kind", "endless", "loads.closed-20.kind"),
    ("loads/closed-20/id", "another", "closed-20"),
    ("loads", {"../x": {}}, "loads"),
    ("loads", {}, "which it does not define"),
    (
        "treatments/0",
        {"id": "rest.def@closed-20", "variant": "rest.def", "load": "closed-20"},
        "there is no work 'rest'",
    ),
    ("claims", {}, "claims"),
    ("claims/0/id", "../../../tmp/x", "claims.0.id"),
    ("claims/0/id", "00-title", "claims.0.id"),
    ("claims/0/slug", "a/b", "claims.0.slug"),
    ("claims/0/statement", "x" * 10**6, "claims.0.statement"),
    ("claims/0/comparisons/0/metric", "beauty", "there is no metric 'beauty'"),
    ("claims/0/comparisons/0/expected", [2.0, 1.0], "an interval's low end 2.0 is above its high end 1.0"),
    ("claims/0/comparisons/0/expected", [1.0], "expected"),
    ("claims/0/comparisons/0/expected", [-1.0, 2.0], "expected"),
    ("claims/0/comparisons/0/scatter", -1.0, "scatter"),
    ("claims/0/comparisons/0/treatment/id", "noop.def@closed-1", "the id must be"),
    ("claims/0/comparisons/0/treatment/variant", "../x", "variant"),
    ("treatments/0/load", "/etc", "treatments.0.load"),
    ("treatments/0/server", {"cores": "many"}, "treatments.0.server"),
    ("treatments/0/server", {"brand": "x"}, "treatments.0.server"),
    ("reproduces", {"campaign": "x", "path": "/etc"}, "reproduces.path"),
    ("reproduces", {"campaign": "x", "path": "a/../../../etc\x00"}, "reproduces.path"),
    ("reproduces", {"campaign": "../x"}, "reproduces.campaign"),
)
_OF_THE_MANIFEST = (
    ("text that is no JSON", _bytes(b"hello"), "is damaged"),
    ("a list", _bytes(b"[]"), "must be a JSON object"),
    ("a number", _bytes(b"5"), "must be a JSON object"),
    ("100,000 lists in each other", _bytes(b"[" * 100_000 + b"]" * 100_000), "nested too deep"),
    ("900 lists in each other", key("host", json.loads("[" * 900 + "]" * 900)), ""),
    ("a number of 5,000 digits", _bytes(b'{"format_version": ' + b"9" * 5000 + b"}"), "is damaged"),
    ("NaN", _bytes(b'{"format_version": NaN}'), "is no number that JSON has"),
    ("not UTF-8", _bytes(b'{"campaign": "\xff"}'), "is not UTF-8"),
    ("a NUL", _bytes(b"{}\0"), "holds a NUL"),
    ("UTF-16", _bytes('{"format_version": 2}'.encode("utf-16")), "is damaged"),
    ("half a character", key("command", "\ud800"), "must be JSON"),
    ("cut off in the middle", lambda path: path.write_bytes(path.read_bytes()[:2000]), "is damaged"),
    ("a key twice", _twice, "the key 'campaign' is there twice"),
    ("a claim twice", _claim_again, "there are two claims with the id"),
)


def _named(place: str, value: Any) -> str:
    text = json.dumps(value)
    return f"`{place.replace('/', '.')}` = `{text if len(text) <= 44 else text[:40] + ' …'}`"


HOSTILE = (
    *(
        HostileInput(words, file, change, said)
        for file in (MANIFEST, *TABLES)
        for words, change, said in _OF_EVERY_FILE
    ),
    *(HostileInput(words, file, change, said) for file in TABLES for words, change, said in _OF_EVERY_TABLE),
    *(
        HostileInput(_named(column, text), file, cell(column, text), "" if column == "load" and not text else column)
        for file, column, text in _CELLS
    ),
    *(HostileInput(words, MANIFEST, change, said) for words, change, said in _OF_THE_MANIFEST),
    *(HostileInput(_named(place, value), MANIFEST, key(place, value), said) for place, value, said in _KEYS),
)

_HEAD = """\
# Inputs that were tried

What a damaged or hostile file of a campaign does. Every row is tried by
`tests/harness/commands/test_hostile_inputs.py` with `bench report` and a resumed `bench run`: one sentence on standard
error that names the file (of a table also the line and the column), exit code 2, and no file of the folder is changed.
What follows the last line end of a table is no row: it is what a crash left, is passed over, and cut off on resuming.

This page is made from `tests/support/hostile_inputs.py`; the table has COUNT inputs.

| file | input | what is said |
|---|---|---|
"""
_TAIL = """
Beside these, with hypothesis and a fixed seed:

| reader | what is tried | test |
|---|---|---|
| the tables | bytes and cells exchanged, cut, doubled anywhere in a whole campaign | test_believes_nothing.py |
| the manifest | any value of any type in place of any other | test_believes_nothing.py |
| the driver's HTTP parser | any bytes, real answers with changes, cut into any segments | test_hostile_answers.py |
| text in every string of a manifest and a trial | escape sequences, HTML, Markdown, links | test_hostile_text.py |

What these found is kept in `tests/data/found/` and tried again by every run of the tests.
"""


def page() -> str:
    """Return the page of docs."""
    rows = [f"| {each.file} | {each.words.replace('|', chr(92) + '|')} | {_shown(each.said)} |" for each in HOSTILE]
    return _HEAD.replace("COUNT", str(len(HOSTILE))) + "\n".join(rows) + "\n" + _TAIL


def _shown(said: str) -> str:
    return f"`… {said} …`" if said else "that it is missing, empty or damaged, and where"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
