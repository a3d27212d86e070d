"""What the app says to a request that it refuses: a status in the 400s and one sentence, whatever the request was.

All of it happens where an error was raised. A request that is served does not pass here.
"""

from collections.abc import Iterable
from importlib import import_module

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from bench_app.parsers import ParserDiedError
from bench_app.pdf import UnreadablePdfError
from bench_app.registry import Variant

_URL_ERRORS = {
    "httpx": ("httpx", "InvalidURL"),
    "httpx2": ("httpx2", "InvalidURL"),
    "aiohttp": ("aiohttp", "InvalidURL"),
    "requests": ("requests.exceptions", "InvalidURL"),
}
"""By package: the error of an HTTP client for what cannot be a URL, as with a city of control characters."""


def refuse_in(app: FastAPI, enabled: Iterable[Variant]) -> None:
    """Have `app` answer what its enabled variants raise for a request that cannot be served."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(UnreadablePdfError, _unprocessable)
    app.add_exception_handler(ParserDiedError, _parser_died)
    for package in sorted({name for v in enabled for name in _packages(v)} & _URL_ERRORS.keys()):
        module, name = _URL_ERRORS[package]
        app.add_exception_handler(getattr(import_module(module), name), _unprocessable)


def _packages(variant: Variant) -> tuple[str, ...]:
    return (*variant.imports, getattr(variant.uses, "package", ""))


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """Say what FastAPI says, without what was sent: half a surrogate pair and infinity are no JSON of ours."""
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    return JSONResponse({"detail": [{key: e[key] for key in ("type", "loc", "msg")} for e in found]}, status_code=422)


async def _unprocessable(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=422)


async def _parser_died(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, status_code=500)
