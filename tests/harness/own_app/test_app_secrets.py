"""What a user's variables hold is not repeated in results, whatever the app says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiment.design.own_app import AppRequest, BenchFile
from harness.own_app.app_logs import AppLog
from harness.own_app.secrets import redacted, secrets_of
from strangers import stranger

if TYPE_CHECKING:
    from pathlib import Path


def test_values_of_variables_and_of_the_env_file_are_hidden(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("KEY='from-a-file'\nDEBUG=1\n")
    app = stranger(tmp_path / "app", env_file=tmp_path / ".env", environment=(("DSN", "postgres://${PASSWORD}@db"),))
    request = AppRequest(id="a", path="/", headers=(("authorization", "Bearer ${TOKEN}"),))
    file = BenchFile(app=app, requests=(request,), loads=(), claims=(), path=tmp_path / "handlerbench.toml")
    found = secrets_of(file, {"TOKEN": "tok-123456", "PASSWORD": "pass-word", "UNRELATED": "harmless"})
    assert set(found) == {"from-a-file", "tok-123456", "pass-word"}
    assert redacted("sent tok-123456 to pass-word", found) == "sent (hidden) to (hidden)"


def test_a_log_shows_its_last_lines_without_secrets(tmp_path: Path) -> None:
    log = AppLog(tmp_path / "t0001.log", ("tok-123456",))
    assert log.last_lines() == ()
    log.path.write_text("".join(f"line {n}\n\n" for n in range(400)) + "key tok-123456\n")
    assert log.last_lines(2) == ("line 399", "key (hidden)")
    log.clean()
    assert "tok-123456" not in log.path.read_text()
    assert len(log.path.read_text().splitlines()) == 300


def test_an_empty_log_is_not_kept(tmp_path: Path) -> None:
    log = AppLog(tmp_path / "t0001.log")
    log.path.touch()
    log.clean()
    assert not log.path.exists()
