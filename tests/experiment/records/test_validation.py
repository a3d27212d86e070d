"""What is wrong with a message or a file is said in one sentence that names the key."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, ValidationError, model_validator

from experiment.records.validation import Base64, StrictModel, complaint


class Round(StrictModel):
    shape: Literal["round"] = "round"
    radius: Annotated[float, Field(gt=0, le=10)]


class Square(StrictModel):
    shape: Literal["square"] = "square"
    side: Annotated[int, Field(ge=1)]


class Table(StrictModel):
    top: Annotated[Round | Square, Field(discriminator="shape")]
    legs: Annotated[tuple[int, ...], Field(min_length=3)] = (1, 2, 3)
    wood: Base64 | None = None

    @model_validator(mode="after")
    def _stands(self) -> Table:
        if len(set(self.legs)) > 3:
            raise ValueError("does not stand")
        return self


def said_of(text: str) -> str:
    with pytest.raises(ValidationError) as error:
        Table.model_validate_json(text)
    return complaint(error.value, tags=("round", "square"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"top": {"shape": "square", "side": 0}}', "top.side: must be at least 1 (given: 0)"),
        ('{"top": {"shape": "square", "side": 1.0}}', "top.side: must be a valid integer (given: 1.0)"),
        ('{"top": {"shape": "square", "side": true}}', "top.side: must be a valid integer (given: True)"),
        ('{"top": {"shape": "round", "radius": 0}}', "top.radius: must be more than 0 (given: 0)"),
        ('{"top": {"shape": "round", "radius": 11}}', "top.radius: must be at most 10 (given: 11)"),
        ('{"top": {"shape": "round", "radius": NaN}}', "top.radius: must be a finite number (given: nan)"),
        ('{"top": {"shape": "round"}}', "top.radius: is missing"),
        ('{"top": {"shape": "oval"}}', "top.shape: must be one of 'round', 'square' (given: 'oval')"),
        ('{"top": {}}', "top.shape: is missing"),
        ('{"top": 3}', "top: must be an object (given: 3)"),
        ("[]", "must be an object (given: [])"),
        ("{", "must be JSON: EOF while parsing an object at line 1 column 1 (given: '{')"),
    ],
)
def test_a_fault_is_said_with_its_path_and_what_was_given(text: str, said: str) -> None:
    assert said_of(text) == said


GOOD = '{"top": {"shape": "square", "side": 1}, '


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ('"lges": []}', "lges: no such key"),
        ('"legs": [1, "x", 2]}', "legs.1: must be a valid integer (given: 'x')"),
        ('"legs": [1, 2, 3, 4]}', "does not stand (given: {'top'"),
        ('"wood": "???"}', "wood: must be valid base64: "),
    ],
)
def test_other_faults_speak_for_themselves(rest: str, said: str) -> None:
    assert said_of(GOOD + rest).startswith(said)


def test_several_faults_make_one_sentence_which_stays_short() -> None:
    assert said_of(GOOD + '"a": 1, "b": 2}') == "a: no such key; b: no such key"
    many = ", ".join(f'"k{n}": 1' for n in range(9))
    assert said_of(f"{GOOD}{many}}}") == "k0: no such key; k1: no such key; k2: no such key; and 6 more"
    assert len(said_of('{"top": "%s"}' % ("x" * 5000))) < 120


def test_bytes_travel_as_base64_of_the_usual_alphabet() -> None:
    table = Table(top=Square(side=1), wood=b"\xff\xfe\xfb\xef")
    assert '"wood":"//777w=="' in table.model_dump_json()
    assert Table.model_validate_json(table.model_dump_json()) == table


def test_a_value_is_not_converted_and_not_changed() -> None:
    given: Any = "1"
    with pytest.raises(ValidationError):
        Square(side=given)
    square: Any = Square(side=1)
    with pytest.raises(ValidationError, match="frozen"):
        square.side = 2
