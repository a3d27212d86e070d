"""Reports for accounting."""

from fastapi import APIRouter, Response
from sqlalchemy import select

from shop.database import LoopSession
from shop.exports import as_file
from shop.models import Order, OrderLine, Product

router = APIRouter(prefix="/reports", tags=["reports"])
ROWS = 1_500


@router.get("/sales")
async def sales(session: LoopSession) -> Response:
    query = (
        select(Order.id, Order.ordered_at, Order.customer, Product.sku, Product.price, OrderLine.quantity)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Product, Product.id == OrderLine.product_id)
        .order_by(OrderLine.id)
        .limit(ROWS)
    )
    rows = (await session.execute(query)).mappings().all()
    return Response(as_file(rows), media_type="application/gzip")  # planted: sales, the call
