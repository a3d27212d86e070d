"""The shop's data: made once, the same every time."""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from shop.models import Base, Category, Order, OrderLine, Product

CATEGORIES = ("Tea", "Coffee", "Cocoa", "Honey", "Spices", "Bread", "Cheese", "Oil")
PRODUCTS, ORDERS, LINES = 200, 400, 4
FIRST_ORDER = datetime(2026, 1, 5, 9, 0)  # noqa: DTZ001 - SQLite keeps no time zone


def make_database(path: Path) -> None:
    """Make the database unless it is there. Several processes may do so at once: the first to finish wins."""
    if path.exists():
        return
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    engine = create_engine(f"sqlite:///{mine}")
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add_all(_rows())
    engine.dispose()
    with suppress(FileExistsError):
        os.link(mine, path)
    mine.unlink()


def _rows() -> Iterator[Base]:
    for number, name in enumerate(CATEGORIES, start=1):
        yield Category(id=number, name=name)
    for number in range(1, PRODUCTS + 1):
        category = number % len(CATEGORIES)
        name, price = f"{CATEGORIES[category]} no. {number}", Decimal(199 + number * 7) / 100
        yield Product(id=number, category_id=category + 1, sku=f"SKU-{number:04}", name=name, price=price)
    for number in range(1, ORDERS + 1):
        ordered_at = FIRST_ORDER + timedelta(hours=7 * number)
        yield Order(id=number, customer=f"customer-{number % 50}", ordered_at=ordered_at, lines=list(_lines(number)))


def _lines(order: int) -> Iterator[OrderLine]:
    for place in range(LINES):
        yield OrderLine(product_id=(order * 13 + place * 31) % PRODUCTS + 1, quantity=place % 3 + 1)
