"""What a basket costs. Nothing is stored."""

from decimal import Decimal

from fastapi import APIRouter
from sqlalchemy import select

from shop.database import LoopSession
from shop.models import Product
from shop.schemas import BasketLine, BasketOut

router = APIRouter(prefix="/basket", tags=["basket"])


@router.post("/price")
async def price(basket: list[BasketLine], session: LoopSession) -> BasketOut:
    wanted = {line.product_id: line.quantity for line in basket}
    rows = await session.execute(select(Product.id, Product.price).where(Product.id.in_(wanted)))
    total = sum((row.price * wanted[row.id] for row in rows), Decimal(0))
    return BasketOut(pieces=sum(wanted.values()), total=total)
