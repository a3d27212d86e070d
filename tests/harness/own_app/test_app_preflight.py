"""An answer that is not as it should be is told in one sentence that says what to do."""

import re

import pytest

from experiment.design.own_app import AppRequest
from harness.own_app.preflight import Answer, complaint, judged

HOME = AppRequest(id="home", path="/home")
GOOD = Answer(status=200, body=b'{"ok":true}')


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            Answer(status=500, body=b"Internal Server Error"),
            "answers 500, an error of the app: 'Internal Server Error'",
        ),
        (Answer(status=307, location="/login?next=my-token"), "redirects to /login: it wants a signed-in user"),
        (Answer(status=307, location="/home/"), "redirects to /home/: write that path in \\[\\[request\\]\\]"),
        (Answer(status=401, body=b"no"), "answers 401 where 200 is expected; it wants a signed-in user"),
        (Answer(status=404), "answers 404 .* look at the path .*: an empty body"),
        (Answer(status=422), "refuses its parameters"),
        (Answer(status=201, body=b"made"), "write expect.status"),
        (Answer(failure="there was no answer within 20 s"), "no answer within 20 s"),
    ],
)
def test_what_is_wrong_with_an_answer_is_one_sentence(answer: Answer, said: str) -> None:
    found = complaint(HOME, answer)
    assert found is not None
    assert found.startswith("GET /home (request home)")
    assert re.search(said, found)
    assert "\n" not in found
    assert "my-token" not in found


def test_a_right_answer_is_no_complaint() -> None:
    assert complaint(HOME, GOOD) is None
    assert complaint(AppRequest(id="home", path="/home", expect_status=404), Answer(status=404)) is None


def test_an_answer_without_what_it_should_contain_is_wrong() -> None:
    asked = AppRequest(id="home", path="/home", expect_contains="hello")
    assert "answers without 'hello'" in (complaint(asked, GOOD) or "")


def test_two_answers_that_differ_make_any_body_right() -> None:
    found = judged(HOME, GOOD, Answer(status=200, body=b'{"ok":2}'))
    assert (found.is_varying, found.complaint, found.expected_body) == (True, None, None)
    assert judged(HOME, GOOD, GOOD).expected_body == GOOD.body


def test_two_answers_that_differ_are_wrong_where_the_file_says_the_same() -> None:
    asked = AppRequest(id="home", path="/home", expect_body="same")
    found = judged(asked, GOOD, Answer(status=200, body=b"other"))
    assert "answers differently each time" in (found.complaint or "")
