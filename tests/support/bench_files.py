"""handlerbench.toml in pieces: the shortest app, a request, a claim; read, and what is said of a wrong one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from experiment.errors import UsageError
from experiment.records.bench_file import read_bench_file

if TYPE_CHECKING:
    from pathlib import Path

    from experiment.design.own_app import BenchFile

APP = '[app]\ntarget = "shop.main:app"\n'
SEARCH = '[[request]]\nid = "search"\npath = "/search?q=tea"\n'
CLAIM = """[[claim]]
id = "C1"
statement = "as def it serves half as much again"
source = "my talk, slide 12"
treatment = "search+style-def"
baseline = "search"
load = "closed-20"
metric = "goodput_rps"
expected = ">= 1.5"
"""


def read(folder: Path, text: str) -> BenchFile:
    path = folder / "handlerbench.toml"
    path.write_text(text, encoding="utf-8")
    return read_bench_file(path)


def said_of(folder: Path, text: str) -> str:
    """Return what is said of a wrong file, without the file's path, which every message begins with."""
    with pytest.raises(UsageError) as error:
        read(folder, text)
    file, _, said = str(error.value).partition(": ")
    assert file == str(folder / "handlerbench.toml")
    return said
