"""Categories, products, stock and photos."""

import hashlib

from fastapi import APIRouter, HTTPException, UploadFile
from sqlalchemy import select

from shop import warehouse
from shop.database import LoopSession, SyncSession
from shop.models import Category, Product
from shop.schemas import CategoryOut, PhotoOut, ProductOut, StockOut

router = APIRouter(tags=["products"])


@router.get("/categories")
def categories(session: SyncSession) -> list[CategoryOut]:
    return [CategoryOut.model_validate(row) for row in session.scalars(select(Category).order_by(Category.id))]


@router.get("/products")
async def products(session: LoopSession, category: int = 1, limit: int = 10) -> list[ProductOut]:
    query = select(Product).where(Product.category_id == category).order_by(Product.id).limit(min(limit, 50))
    return [ProductOut.model_validate(row) for row in await session.scalars(query)]


@router.get("/products/{product_id}")
async def product(product_id: int, session: LoopSession) -> ProductOut:
    return ProductOut.model_validate(await _found(product_id, session))


@router.get("/products/{product_id}/stock")
async def stock(product_id: int) -> StockOut:
    return StockOut(product_id=product_id, pieces=warehouse.level(product_id))  # planted: stock, the call


@router.post("/products/{product_id}/photo")
async def photo(product_id: int, file: UploadFile) -> PhotoOut:
    digest, size = hashlib.sha256(), 0
    while chunk := await file.read(64 * 1024):
        digest.update(chunk)
        size += len(chunk)
    return PhotoOut(product_id=product_id, bytes=size, sha256=digest.hexdigest())


async def _found(product_id: int, session: LoopSession) -> Product:
    found = await session.get(Product, product_id)
    if found is None:
        raise HTTPException(status_code=404, detail=f"there is no product {product_id}")
    return found
