"""Invoices: their text, and the signature under it."""

import functools
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import ParamSpec, TypeVar

from shop.models import Order

ROUNDS = 60_000
P = ParamSpec("P")
T = TypeVar("T")
logger = logging.getLogger(__name__)


def timed(function: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """Write to the log how long a route took."""

    @functools.wraps(function)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        started = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            logger.debug("%s took %.3f s", function.__name__, time.perf_counter() - started)

    return wrapper


def text_of(order: Order) -> str:
    lines = [f"{line.quantity} x {line.product.name}: {line.quantity * line.product.price:.2f}" for line in order.lines]
    total = sum((line.quantity * line.product.price for line in order.lines), Decimal(0))
    return "\n".join([f"Invoice {order.id} for {order.customer}", *lines, f"Total: {total:.2f}"])


def signature(text: str) -> str:
    """Return a signature that is slow to forge."""
    return hashlib.pbkdf2_hmac("sha256", text.encode(), b"shop", ROUNDS).hex()  # planted: invoice, where the loop waits
