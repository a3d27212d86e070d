"""What is wrong in handlerbench.toml is said with file, table, key and nearest name, and without anybody's secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench_files import APP, CLAIM, SEARCH, said_of
from experiment.errors import UsageError
from experiment.records.bench_file import read_bench_file

if TYPE_CHECKING:
    from pathlib import Path

WRONG_KEYS = [
    ('[ap]\ntarget = "a:b"', "app: is missing; [ap]: no such key; did you mean app?"),
    ("", "app: is missing"),
    (APP + 'pyhton = "x"', "[app], pyhton: no such key; did you mean python?"),
    (APP + "environment = { DEBUG = 1 }", "[app], environment.DEBUG: must be a valid string"),
    (APP + 'directory = "none"', "[app], directory: there is no folder"),
    (APP + 'env_file = ".env"', "[app], env_file: there is no file"),
    ('[app]\ntarget = "main.py:app"', "[app], target: must name a module, not a file: main:app instead of main.py:app"),
    ('[app]\ntarget = "shop.main"', "[app], target: must be a module and what it calls the app, such as shop.main:app"),
    (
        APP + '[[request]]\nid = "a"\npth = "/"',
        '[[request]] "a", path: is missing; [[request]] "a", pth: no such key; ',
    ),
    (
        APP + SEARCH + "[request.expect]\nstaus = 200",
        '[[request]] "search", expect.staus: no such key; did you mean sta',
    ),
    (
        APP + SEARCH + 'expect = { body = "equal" }',
        "[[request]] \"search\", expect.body: must be 'same' or 'any' (given: '",
    ),
    (APP + SEARCH + 'expect = { status = "200" }', '[[request]] "search", expect.status: must be a valid integer'),
    (APP + '[[request]]\npath = "/"', "[[request]] number 1, id: is missing"),
    (APP + '[[request]]\nid = "a@b"\npath = "/"', '[[request]] "a@b", id: may have letters, digits'),
    (APP + SEARCH + SEARCH, '[[request]] "search", id: two have this id'),
    (APP + '[[request]]\nid = "a"\npath = "http://x/"', '[[request]] "a", path: must be the part of the URL after the'),
    (
        APP + '[[request]]\nid = "a"\npath = "/?key=${K}"',
        '[[request]] "a", path: is written to the results; put what is',
    ),
    (
        APP + SEARCH + 'body = "a"\nbody_file = "b"',
        '[[request]] "search": has body and body_file; leave one of them out',
    ),
    (APP + SEARCH + 'body_file = "none"', '[[request]] "search", body_file: '),
    (
        APP + SEARCH + 'headers = { Connection = "close" }',
        '[[request]] "search", headers: Connection is set by the load',
    ),
    (APP + SEARCH + 'headers = { "a b" = "c" }', "[[request]] \"search\", headers: 'a b' is no name of a header"),
    (APP + SEARCH + 'headers = { A = "b\\nc" }', '[[request]] "search", headers: A has a line break'),
    (APP + SEARCH + 'headers = { A = "${B" }', '[[request]] "search", headers: A has a ${ that is not followed by'),
    (APP + '[[load]]\nid = "a"\nkind = "close"', "[[load]] \"a\", kind: must be 'closed', 'open' or 'burst'"),
    (APP + '[[load]]\nid = "a"\nkind = "open"', '[[load]] "a": a load of kind open needs rate_rps'),
    (
        APP + '[[load]]\nid = "a"\nkind = "closed"\nusers = 1\nrate_rps = 1.0',
        '[[load]] "a": a load of kind closed has no ',
    ),
    (APP + '[[load]]\nid = "a"\nkind = "closed"\nusers = 0', '[[load]] "a", users: must be at least 1 (given: 0)'),
    (APP + '[[load]]\nid = "a"\nkind = "open"\nrate_rps = inf', '[[load]] "a", rate_rps: must be a finite number'),
]


@pytest.mark.parametrize(("text", "said"), WRONG_KEYS, ids=range(len(WRONG_KEYS)))
def test_what_is_wrong_is_said_with_its_key(tmp_path: Path, text: str, said: str) -> None:
    assert said in said_of(tmp_path, text)


WRONG_CLAIMS = [
    ("search+style-def", "serch", "treatment: there is no request 'serch'; did you mean search?"),
    (
        "search+style-def",
        "search+style-fed",
        "treatment: the server factor style cannot be 'fed'; it can be def, on-loop",
    ),
    ("search+style-def", "search+tokens-x", "treatment: the server factor thread_tokens cannot be 'x'"),
    ("search+style-def", "search+workers-3", "treatment: the server factor workers cannot be 3; it can be 1, 2, 4"),
    ("search+style-def", "search+granian", "treatment: an app has no factor 'granian'"),
    ("search+style-def", "search@", "treatment: 'search@' names no version after the @"),
    ("search+style-def", "search+uvloop+asyncio", "treatment: 'search+uvloop+asyncio' says loop twice"),
    ("search+style-def", "search", "baseline: is the treatment itself"),
    ('baseline = "search"', 'baseline = "find"', "baseline: there is no request 'find'"),
    ("closed-20", "closed-30", "load: there is no load 'closed-30'; did you mean closed-20?"),
    ("goodput_rps", "goodput", "metric: there is no metric 'goodput'; did you mean goodput_rps?"),
    ("goodput_rps", "in_flight_peak", "metric: in_flight_peak is counted for our own handlers only"),
    ("goodput_rps", "goodput_normalized_rps", "metric: goodput_normalized_rps is for sides that load the core alike"),
    ("goodput_rps", "makespan_s", "metric: makespan_s is measured under a load of kind burst only"),
    (">= 1.5", "> 1.5", 'expected: \'> 1.5\' is no interval; write ">= 1.5", "<= 0.2" or "0.9..1.1"'),
    (">= 1.5", ">= 0", "expected: '>= 0' is true of everything or of nothing"),
    (">= 1.5", "2..1", "expected: an interval's low end 2.0 is above its high end 1.0"),
    ('expected = ">= 1.5"', "expected = 1.5", "expected: must be a valid string (given: 1.5)"),
    ('source = "my talk, slide 12"\n', "", "source: is missing"),
    ("statement =", "statment =", "statment: no such key; did you mean statement?"),
]


@pytest.mark.parametrize(("before", "after", "said"), WRONG_CLAIMS, ids=[after for _, after, _ in WRONG_CLAIMS])
def test_a_claim_that_cannot_be_judged_is_refused_with_the_nearest_name(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    wrong = CLAIM.replace(before, after, 1)
    assert wrong != CLAIM
    assert f'[[claim]] "C1", {said}' in said_of(tmp_path, APP + SEARCH + wrong)


def test_no_message_shows_the_value_of_a_header(tmp_path: Path) -> None:
    secret = "hunter2"  # noqa: S105 - of no account
    for wrong in (f'{{ A = "{secret}\\n" }}', f'{{ Connection = "{secret}" }}', f'"{secret}"'):
        assert secret not in said_of(tmp_path, f"{APP}{SEARCH}headers = {wrong}")


def test_a_file_that_is_not_there_says_which_command_writes_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no .*handlerbench\.toml; `bench app init TARGET` writes"):
        read_bench_file(tmp_path / "handlerbench.toml")


def test_what_is_no_toml_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "handlerbench.toml"
    for wrong in (b'[app]\ntarget = "a:\xff"', b"x = "):
        path.write_bytes(wrong)
        with pytest.raises(UsageError, match="is no TOML"):
            read_bench_file(path)
    with pytest.raises(UsageError, match="cannot be read: Is a directory"):
        read_bench_file(tmp_path)
