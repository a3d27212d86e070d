"""200 rows as JSON: what turns them into bytes, and what looks at each value before.

All answers are equal, byte for byte. Without a response model FastAPI walks through every value (jsonable_encoder) and
then calls json.dumps. With one, Pydantic validates and writes the bytes. A response that a handler makes itself is sent
as it is.
"""

from functools import cache, partial
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from bench_app.items import Answer, as_answer, row
from bench_app.registry import variant
from bench_app.styles import ASYNC_NATIVE
from bench_app.works import JSON

COUNT = 200


class Item(BaseModel):
    """A row of the answer."""

    id: int
    name: str
    price_cents: int
    digest: str


class OrjsonResponse(JSONResponse):
    """A response that orjson writes. FastAPI's own ORJSONResponse is deprecated, and its calls would warn."""

    def render(self, content: Any) -> bytes:
        """Return the content as JSON."""
        import orjson

        return orjson.dumps(content)


@cache
def rows() -> list[Answer]:
    return [as_answer(row(key)) for key in range(1, COUNT + 1)]


@cache
def models() -> list[Item]:
    return [Item.model_validate(found) for found in rows()]


def are_all_rows(answer: Any) -> bool:
    return bool(answer == rows())


_variant = partial(variant, work=JSON, style=ASYNC_NATIVE, expected=are_all_rows)


@_variant(tool="dicts")
async def plain_dicts() -> list[Answer]:
    """Return dicts without a response model."""
    return rows()


@_variant(tool="dicts-annotated", validates=True)
async def annotated_dicts() -> list[Item]:
    """Return dicts, and let Pydantic validate and write them by the annotation."""
    return rows()  # type: ignore[return-value]  # FastAPI makes the models


@_variant(tool="models")
async def plain_models() -> list[Item]:
    """Return Pydantic models without a response model."""
    return models()


@_variant(tool="models-annotated", validates=True)
async def annotated_models() -> list[Item]:
    """Return Pydantic models, and let Pydantic write them by the annotation."""
    return models()


@_variant(tool="json-response")
async def json_response() -> JSONResponse:
    """Make the response from dicts: json.dumps, and nothing looks at the values before."""
    return JSONResponse(rows())


@_variant(tool="orjson-response", imports=("orjson",))
async def orjson_response() -> OrjsonResponse:
    """Make the response from dicts with orjson."""
    return OrjsonResponse(rows())


@_variant(tool="orjson-class", imports=("orjson",), response_class=OrjsonResponse)
async def orjson_class() -> list[Answer]:
    """Return dicts, and have orjson as the route's response class."""
    return rows()
