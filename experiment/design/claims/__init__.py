"""The claims, each written so that it can turn out false. To add one, call `claim` in a module of this package.

A claim says the load in its statement, and what would refute it. CHANGELOG, "Methodology", says what changed with each
version of the table.
"""

from importlib import import_module

from experiment.design.claims.table import A_A, ARTICLE, CLAIMS, CLAIMS_VERSION, claim

__all__ = ["ARTICLE", "A_A", "CLAIMS", "CLAIMS_VERSION", "MODULES", "claim"]

_ARTICLE = ("waiting", "http", "cpu", "database", "cost")
_FOLKLORE = (
    *("threads", "dependencies", "middleware", "deadlock", "background", "payload", "storage"),
    *("servers", "clients", "interpreters"),
)

# Importing a module registers its claims. They are listed in this order.
MODULES = tuple(import_module(f"{__name__}.{name}") for name in (*_ARTICLE, *_FOLKLORE, "beyond"))
