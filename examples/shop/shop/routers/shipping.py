"""What shipping costs: asked from the carrier's service."""

import httpx
from fastapi import APIRouter, Request

from shop.schemas import OfferOut

router = APIRouter(prefix="/shipping", tags=["shipping"])


@router.get("/offer")
async def offer(request: Request, country: str = "de") -> OfferOut:
    client: httpx.AsyncClient = request.app.state.client
    response = await client.get("/rates", params={"country": country})
    return OfferOut.model_validate(response.json())


@router.get("/quote")
async def quote(request: Request, country: str = "de") -> OfferOut:
    async with httpx.AsyncClient(base_url=request.app.state.carrier) as client:  # planted: quote, where the loop waits
        response = await client.get("/rates", params={"country": country})
    return OfferOut.model_validate(response.json())
