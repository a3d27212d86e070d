"""Files that travel inside the page: a link with the file's bytes in it, so that the one page can be sent by mail."""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from analysis.reading.campaign import Campaign
from experiment.records.files import read_bytes
from experiment.records.store import LATENCY, MANIFEST, THROUGHPUT, TRIALS, VERDICTS

LIMIT_BYTES = 1_000_000
"""A larger file stays beside the page, which says where: mail servers refuse what is much larger than ten of these."""

FILES: Mapping[str, str] = {
    TRIALS: "a row a trial, with every metric",
    VERDICTS: "a row a comparison, with its interval",
    THROUGHPUT: "a row a second of each trial",
    LATENCY: "response times as histograms, a row a bucket",
    MANIFEST: "plan, claims and versions, written before the first trial",
}
_KINDS = {".csv": "text/csv", ".json": "application/json"}
_KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file of the campaign; without a `href` it was too large, or is not there."""

    name: str
    what: str
    size: str
    href: str


def downloads(campaign: Campaign) -> tuple[Download, ...]:
    """Return the campaign's files that exist, those up to LIMIT_BYTES with their bytes.

    Raises StoreError where something else lies in a file's place: a link could bring another file into the page.
    """
    return tuple(_found(campaign.folder.path))


def _found(folder: Path) -> Iterator[Download]:
    for name, what in FILES.items():
        path = folder / name
        if os.path.lexists(path):
            size = path.lstat().st_size
            href = data_url(path) if size <= LIMIT_BYTES else ""
            yield Download(name=name, what=what, size=_size(size), href=href)


def _size(count: int) -> str:
    return f"{count / _KIB / _KIB:.1f} MiB" if count >= _KIB * _KIB else f"{max(round(count / _KIB), 1)} KiB"


def data_url(path: Path) -> str:
    """Return a link that holds the file: percent-encoded or in base64, whichever is shorter."""
    data, kind = read_bytes(path), _KINDS[path.suffix]
    plain = quote(data, safe=",:")  # no slash and no sign of HTML: nothing in it can be taken for an address or a tag
    encoded = b64encode(data).decode("ascii")
    if len(plain) <= len(encoded):
        return f"data:{kind};charset=utf-8,{plain}"
    return f"data:{kind};base64,{encoded}"
