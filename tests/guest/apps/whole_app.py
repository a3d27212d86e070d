"""An app with one of everything that a wrapper could spoil."""

import asyncio
from contextlib import asynccontextmanager
from typing import Optional

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response, UploadFile, WebSocket
from fastapi.responses import RedirectResponse, StreamingResponse
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.from_app = "set at start-up"
    yield {"from_lifespan": "handed on"}


app = FastAPI(lifespan=lifespan)


class Stamp(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next):
        response = await call_next(request)
        response.headers["x-stamp"] = request.url.path
        return response


app.add_middleware(GZipMiddleware, minimum_size=500)
app.add_middleware(Stamp)


class Trouble(Exception):
    pass


@app.exception_handler(Trouble)
async def trouble(request: Request, error: Trouble):
    return JSONResponse({"trouble": str(error)}, status_code=418, headers={"x-trouble": "yes"})


class Item(BaseModel):
    name: str
    price: Optional[float] = None


async def token(request: Request):
    return request.headers.get("x-token")


def session():
    yield "a session"


@app.get("/state")
async def state(request: Request):
    scope = {"root_path": request.scope["root_path"], "path": request.scope["path"], "client": bool(request.client)}
    return {
        "app": request.app.state.from_app,
        "lifespan": request.state.from_lifespan,
        "url": request.url.path,
        **scope,
    }


@app.get("/items/{item_id}", response_model=Item)
def item(item_id: int, response: Response, user=Depends(token), db=Depends(session)):
    response.headers["x-user"] = str(user)
    response.set_cookie("seen", str(item_id))
    response.set_cookie("again", "yes")
    return {"name": f"item {item_id} of {db}", "price": 1.5, "secret": "not in the model"}


@app.post("/items", status_code=201)
async def make(item: Item):
    return item


@app.post("/upload")
async def upload(file: UploadFile):
    return {"name": file.filename, "bytes": len(await file.read())}


@app.get("/stream")
async def stream():
    async def parts():
        for number in range(3):
            yield f"part {number}\n"
            await asyncio.sleep(0)

    return StreamingResponse(parts(), media_type="text/plain")


@app.get("/large")
def large():
    return {"text": "x" * 5000}


@app.get("/trouble")
async def in_trouble():
    raise Trouble("as it should be")


@app.get("/gone")
async def gone():
    raise HTTPException(410, "gone", headers={"x-gone": "yes"})


@app.get("/broken")
async def broken():
    raise ValueError("nobody handles this")


@app.get("/moved")
async def moved():
    return RedirectResponse("/state")


@app.websocket("/echo")
async def echo(websocket: WebSocket):
    await websocket.accept(subprotocol="words", headers=[(b"x-socket", b"yes")])
    await websocket.send_text(f"{await websocket.receive_text()} {websocket.state.from_lifespan}")
    await websocket.close(code=4001)


router = APIRouter(prefix="/inner", dependencies=[Depends(token)])


@router.get("/{name}")
async def in_router(name: str):
    return {"name": name}


app.include_router(router, prefix="/outer")

part = FastAPI()


@part.get("/where")
async def where(request: Request):
    return {"root_path": request.scope["root_path"], "url": str(request.url.path)}


app.mount("/part", part)


async def plain(request: Request):
    return PlainTextResponse(f"{request.method} {request.url.path}")


app.mount("/star", Starlette(routes=[Route("/plain", plain, methods=["GET", "POST"])]))
