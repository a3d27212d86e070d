"""Sales as a file that accounting imports."""

import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any


def as_file(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return rows as compressed JSON, laid out for people to read."""
    text = json.dumps([dict(row) for row in rows], indent=2, default=str)  # planted: sales, where the loop waits
    return gzip.compress(text.encode(), compresslevel=1, mtime=0)
