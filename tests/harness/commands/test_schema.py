"""docs/schema/ and the README of locustfiles say what the models say."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from experiment.records.driver_protocol import ResultEvent, TrialCommand, read_command
from harness.commands import schema
from misbehaving_servers import LOCUSTFILES

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", sorted(schema.SCHEMAS))
def test_the_schema_in_the_docs_is_that_of_the_models(name: str) -> None:
    path = schema.FOLDER / name
    written = path.read_text(encoding="utf-8") if path.exists() else None
    assert written == schema.text_of(name), f"docs/schema/{name} is not that of the models; `make schema` renews it"


def test_no_other_schema_lies_about() -> None:
    assert {path.name for path in schema.FOLDER.iterdir()} == set(schema.SCHEMAS)


@pytest.mark.parametrize(("name", "tag"), [("driver-command.json", "do"), ("driver-event.json", "event")])
def test_a_schema_demands_the_word_that_tells_messages_apart(name: str, tag: str) -> None:
    data = json.loads(schema.text_of(name))
    kinds = [data["$defs"][way["$ref"].rpartition("/")[2]] for way in data["oneOf"]]
    assert len(kinds) >= 2
    assert all(tag in kind["required"] and not kind["additionalProperties"] for kind in kinds)


def test_the_command_writes_every_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "FOLDER", tmp_path / "schema")
    schema.main()
    written = {path.name: path.read_text(encoding="utf-8") for path in schema.FOLDER.iterdir()}
    assert written == {name: schema.text_of(name) for name in schema.SCHEMAS}


README = (LOCUSTFILES / "README.md").read_text(encoding="utf-8")


def test_the_readme_shows_a_command_that_the_driver_reads() -> None:
    example = re.search(r'^    (\{"do":"trial".*?\}\})$', README, re.MULTILINE | re.DOTALL)
    assert example is not None
    command = read_command(example[1].replace("…", ""))
    assert isinstance(command, TrialCommand)
    assert command.bystander is not None


def test_the_readme_explains_every_key_of_a_result() -> None:
    keys = ResultEvent.model_fields.keys() - {"event", "trial_id"}
    assert [key for key in sorted(keys) if f"`{key}`" not in README] == []
