"""An app of Starlette alone, without lifespan."""

import asyncio
import threading
import time

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.endpoints import HTTPEndpoint
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute

MAIN = threading.current_thread()


def tidy():
    pass


async def blocking(request):
    time.sleep(0.005)
    return JSONResponse({"thread": current()}, background=BackgroundTask(tidy))


def waiting(request):
    return JSONResponse({"thread": current()})


async def awaiting(request):
    await asyncio.sleep(0.005)
    return JSONResponse({"thread": current()})


class Things(HTTPEndpoint):
    def get(self, request):
        return JSONResponse({"thread": current(), "id": request.path_params["thing"]})

    async def post(self, request):
        return JSONResponse({"thread": current()}, status_code=201)


def lines():
    yield "one\n"
    yield "two\n"


async def stream(request):
    return StreamingResponse(lines(), media_type="text/plain")


async def broken(request):
    raise ValueError("nobody handles this")


async def whole(scope, receive, send):
    await PlainTextResponse("an app of its own")(scope, receive, send)


async def echo(websocket):
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()


def current():
    return "the loop" if threading.current_thread() is MAIN else "a thread"


app = Starlette(
    routes=[
        Route("/blocking", blocking),
        Route("/waiting", waiting),
        Route("/awaiting", awaiting),
        Mount("/of", routes=[Route("/things/{thing:int}", Things)]),
        Route("/stream", stream),
        Route("/broken", broken),
        Mount("/whole", app=whole),
        WebSocketRoute("/echo", echo),
    ],
    middleware=[Middleware(GZipMiddleware)],
)
