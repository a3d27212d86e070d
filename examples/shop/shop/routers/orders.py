"""Orders and invoices, for those who have the key."""

from fastapi import APIRouter, HTTPException
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from shop.database import SyncSession
from shop.invoices import signature, text_of, timed
from shop.models import Order, OrderLine
from shop.schemas import InvoiceOut, OrderOut
from shop.security import NeedsKey

router = APIRouter(prefix="/orders", tags=["orders"], dependencies=[NeedsKey])


@router.get("/{order_id}")
def order(order_id: int, session: SyncSession) -> OrderOut:
    return OrderOut.model_validate(_found(order_id, session))


@router.get("/{order_id}/invoice")
@timed  # planted: invoice, the wrapper
def invoice(order_id: int, session: SyncSession) -> InvoiceOut:
    text = text_of(_found(order_id, session))
    return InvoiceOut(text=text, signature=signature(text))


def _found(order_id: int, session: Session) -> Order:
    lines = selectinload(Order.lines).options(joinedload(OrderLine.product))
    found = session.scalar(select(Order).where(Order.id == order_id).options(lines))
    if found is None:
        raise HTTPException(status_code=404, detail=f"there is no order {order_id}")
    return found
