"""The catalogue: every variant the app can serve, by id.

To add one, write one decorated function in bench_app/handlers/. Importing this module loads FastAPI, but nothing that
the handlers' bodies use (no HTTP client, database driver or PDF library). Every trial starts a SUT, and that start
counts against the time budget.
"""

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules

from bench_app import handlers
from bench_app.registry import REGISTRY, Variant

# Importing a module of handlers registers its variants.
HANDLER_MODULES = tuple(
    import_module(f"{handlers.__name__}.{module.name}") for module in iter_modules(handlers.__path__)
)

CATALOGUE: Mapping[str, Variant] = REGISTRY
