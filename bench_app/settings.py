"""The SUT's settings, read from the environment: the harness can start every trial's SUT with other values."""

import os
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from bench_app.middleware import KINDS, MOST
from bench_app.registry import Resource, Variant
from bench_app.works import WORKS

PREFIX = "BENCH_"


class SettingsError(ValueError):
    """An environment variable has an invalid value. The message names each one and what was expected."""


def usable_cores() -> int:
    """Return the number of cores this process may run on; a pinned process may not use all of them."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS cannot pin processes to cores


def _split_commas(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _known(works: frozenset[str]) -> frozenset[str]:
    unknown = sorted(works - WORKS.keys())
    if unknown:
        raise ValueError(f"no such work: {', '.join(unknown)}; there are {', '.join(WORKS)}")
    return works


def _unambiguous(url: str | None) -> str | None:
    """Refuse a URL that drivers read differently or not at all: some would repeat its password in what they raise."""
    try:
        parts = urlsplit(url or "")
        _ = parts.port
    except ValueError:  # whose message may repeat the password
        raise ValueError("no port, or no host, can be read from it") from None
    if parts.fragment or re.search(r"%(?![0-9A-Fa-f]{2})", url or ""):
        raise ValueError("a # or % in it must be written as %23 or %25")
    return url


class Settings(BaseSettings):
    """Settings, as BENCH_<NAME>. Times are in seconds, sizes in bytes. Frozen: one process has one configuration."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    sleep_s: float = Field(default=0.1, ge=0, le=60)
    sleep_cpu_s: float = Field(default=0.0, ge=0, le=1)  # CPU time that a sleep handler uses before it waits
    sleep_max_s: float = Field(default=10.0, ge=0, le=60)  # of the sleep routes' `seconds` parameter
    article_sleep_s: float = Field(default=2.0, ge=0, le=60)
    stall_s: float = Field(default=0.4, ge=0, le=60)
    stall_every_s: float = Field(default=2.0, gt=0, le=600)
    upstream_url: str = Field(default="http://127.0.0.1:8900", pattern=r"^https?://[^/]+$")
    # None: no db variants
    database_url: Annotated[str | None, AfterValidator(_unambiguous)] = Field(
        default=None, pattern=r"^postgres(ql)?://", repr=False
    )
    db_pool_size: int = Field(default=20, ge=1)  # the same for every driver
    query_s: float = Field(default=0.05, ge=0, le=60)  # how long the waiting query waits, on the server
    thread_tokens: int | None = Field(default=None, ge=1)  # None: anyio's default of 40
    # "asgi-2": two pure ASGI middlewares; "base-2": two BaseHTTPMiddlewares
    middleware: str | None = Field(default=None, pattern=f"^({'|'.join(KINDS)})-[1-{MOST}]$")
    process_workers: int = Field(default_factory=usable_cores, ge=1)
    upload_limit_bytes: int = Field(default=5 * 1024 * 1024, ge=1)
    upload_limit_s: float = Field(default=60.0, gt=0, le=600)  # for the whole body to come
    probe_path: Path | None = None  # None: no probe at all
    probe_per_process: bool = False  # several workers: each writes to a file of its own, with its pid in the name
    probe_tick_s: float = Field(default=0.02, ge=0.002, le=1)
    probe_sample_s: float = Field(default=0.05, ge=0.005, le=5)
    # Comma-separated works, and variants of these works, that get a route and have their clients and pools opened.
    # The router searches linearly, so each route makes the routes after it slower.
    works: Annotated[frozenset[str], NoDecode, BeforeValidator(_split_commas), AfterValidator(_known)] = Field(
        default_factory=lambda: frozenset(WORKS)
    )
    variants: Annotated[frozenset[str] | None, NoDecode, BeforeValidator(_split_commas)] = None

    def enables(self, variant: Variant) -> bool:
        """Return whether the app serves `variant`; without a database, it serves a db variant only if that is named."""
        if self.variants is not None:
            wanted = variant.id in self.variants
        else:
            wanted = self.database_url is not None or Resource.DATABASE not in variant.needs
        return wanted and variant.work.name in self.works


def read_settings() -> Settings:
    """Read the settings from the environment. Raises SettingsError, which names every invalid variable."""
    try:
        return Settings()
    except ValidationError as e:
        raise SettingsError("; ".join(map(_describe, e.errors()))) from None


def _describe(error: Any) -> str:
    name = PREFIX + str(error["loc"][0]).upper()
    if name == "BENCH_DATABASE_URL":  # it may contain a password
        return f"{name}: not an address like postgresql://user:password@host:port/database"
    return f"{name}: {error['msg']} (given: {error['input']!r})"
