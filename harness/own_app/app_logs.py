"""The app's own log of one trial: its last lines are shown, its secrets are not, and it stays small."""

from dataclasses import dataclass, field
from pathlib import Path

from harness.own_app.secrets import redacted

LINES_SHOWN = 12
LINES_KEPT = 300
_MOST_CHARACTERS = 300
_READ_BYTES = 262_144


@dataclass(frozen=True, slots=True)
class AppLog:
    """A log file, and what must not be read in it."""

    path: Path
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def last_lines(self, count: int = LINES_SHOWN) -> tuple[str, ...]:
        """Return the last lines that say something, shortened, without secrets; () when there is no log."""
        said = [line.rstrip()[:_MOST_CHARACTERS] for line in self._text().splitlines() if line.strip()]
        return tuple(said[-count:])

    def clean(self) -> None:
        """Replace the file by its last lines, without secrets; an empty one is removed."""
        kept = self._text().splitlines()[-LINES_KEPT:]
        if kept:
            self.path.write_text("\n".join(kept) + "\n", encoding="utf-8")
        else:
            self.path.unlink(missing_ok=True)

    def _text(self) -> str:
        """Return the end of the log without secrets."""
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - _READ_BYTES))
                return redacted(file.read().decode("utf-8", "replace"), self.secrets)
        except OSError:
            return ""
