"""The catalogue: every variant the app can serve, by id.

To add one, write one decorated function in bench_app/handlers/. Importing this loads FastAPI and nothing that the
handlers' bodies use (no HTTP client, database driver or PDF library): a SUT is started for every trial, and its
start is paid from the time budget.
"""

from collections.abc import Mapping

from bench_app.handlers import article, db, http, noop, sleep, stall, upload
from bench_app.registry import (
    REGISTRY,
    DuplicateVariantError,
    Registry,
    RequestSpec,
    Resource,
    Shared,
    Style,
    Variant,
    Work,
    variant,
)

__all__ = [
    "CATALOGUE",
    "HANDLER_MODULES",
    "DuplicateVariantError",
    "Registry",
    "RequestSpec",
    "Resource",
    "Shared",
    "Style",
    "Variant",
    "Work",
    "variant",
]

# Naming the modules is what imports them, and importing them is what registers their variants.
HANDLER_MODULES = (noop, sleep, http, db, upload, article, stall)

CATALOGUE: Mapping[str, Variant] = REGISTRY.catalogue()
