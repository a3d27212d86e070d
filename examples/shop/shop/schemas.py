"""What goes in and out."""

from datetime import datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class FromRow(BaseModel):
    """A model that is read from a row's attributes."""

    model_config = ConfigDict(from_attributes=True)


class CategoryOut(FromRow):
    """A category."""

    id: int
    name: str


class ProductOut(FromRow):
    """A product."""

    id: int
    sku: str
    name: str
    price: Decimal


class StockOut(BaseModel):
    """How much of a product is there."""

    product_id: int
    pieces: int


class OrderLineOut(FromRow):
    """One line of an order."""

    quantity: int
    product: ProductOut


class OrderOut(FromRow):
    """An order with its lines."""

    id: int
    customer: str
    ordered_at: datetime
    lines: list[OrderLineOut]


class InvoiceOut(BaseModel):
    """An invoice and its signature."""

    text: str
    signature: str


class BasketLine(BaseModel):
    """Something in a basket."""

    product_id: int
    quantity: int = Field(ge=1, le=100)


class BasketOut(BaseModel):
    """What a basket costs."""

    pieces: int
    total: Decimal


class OfferOut(BaseModel):
    """What a carrier asks for a parcel."""

    carrier: str
    days: int
    price: Decimal


class PhotoOut(BaseModel):
    """An uploaded photo."""

    product_id: int
    bytes: int
    sha256: str
