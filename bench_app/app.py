"""The app under test: `uvicorn --factory bench_app.app:create_app`, configured by BENCH_* variables."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import cast

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI, Request
from fastapi.datastructures import Default
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig

from bench_app import docs_page, slow_bodies
from bench_app.catalogue import CATALOGUE
from bench_app.middleware import add_middleware
from bench_app.probe import Probe, ServedCounter, probe_path
from bench_app.refusals import refuse_in
from bench_app.registry import Resource, Variant
from bench_app.resources import Bench
from bench_app.settings import Settings, SettingsError, read_settings
from bench_app.works import WORKS

# FastAPI's OpenTelemetry support does nothing without a provider. This keeps it off whatever the environment says.
NO_TELEMETRY = TelemetryConfig(tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False)


def create_app(settings: Settings | None = None) -> FastAPI:
    """Build the app with a route for every enabled variant; `settings` default to the environment's.

    Raises SettingsError for invalid settings, or settings that enable nothing.
    """
    settings = settings or read_settings()
    enabled = enabled_variants(settings)
    app = FastAPI(
        title="handlerbench",
        summary="The same work in every handler style.",
        lifespan=lambda app: _lifespan(app, settings, enabled),
        telemetry=NO_TELEMETRY,
        docs_url=None,
        redoc_url=None,
        openapi_tags=[
            *({"name": work.name, "description": work.summary} for work in WORKS.values()),
            {"name": "bench", "description": "For the harness: not variants."},
        ],
    )
    add_middleware(app, settings.middleware)
    # The router looks at routes in their order: as many of them stand before the variants as FastAPI itself puts there.
    for path in ("/docs", "/redoc"):
        app.add_route(path, _docs, include_in_schema=False)
    app.add_route("/", _to_docs, include_in_schema=False)
    for variant in enabled:
        _add_variant(app, variant, settings)
    app.add_api_route("/bystander", bystander, tags=["bench"], response_model=None)
    app.add_api_route("/health", health, tags=["bench"], response_model=None)
    refuse_in(app, enabled)
    return app


def enabled_variants(settings: Settings) -> list[Variant]:
    """Return the variants that `settings` enable.

    Raises SettingsError for unknown ids, for an empty result, or for a variant whose database is not set.
    """
    unknown = sorted((settings.variants or frozenset()) - CATALOGUE.keys())
    if unknown:
        raise SettingsError(f"BENCH_VARIANTS: unknown: {', '.join(unknown)}")
    enabled = [v for v in CATALOGUE.values() if settings.enables(v)]
    if not enabled:
        raise SettingsError("BENCH_WORKS and BENCH_VARIANTS together enable no variant (db needs BENCH_DATABASE_URL)")
    unserved = [v.id for v in enabled if Resource.DATABASE in v.needs and settings.database_url is None]
    if unserved:
        raise SettingsError(f"BENCH_DATABASE_URL: not set, and asked for: {', '.join(unserved)}")
    return enabled


def _add_variant(app: FastAPI, variant: Variant, settings: Settings) -> None:
    app.add_api_route(
        variant.path,
        variant.endpoint,
        methods=[variant.method],
        name=variant.id,
        summary=f"{variant.id}: {variant.summary}",
        tags=[variant.work.name],
        # None also overrides the return annotation: a response model would validate def handlers in a second thread.
        response_model=Default(None) if variant.validates else None,
        response_class=variant.response_class or Default(JSONResponse),
        # It wraps only this route, so routes without a body pay nothing for it.
        max_body_size=settings.upload_limit_bytes if variant.method == "POST" else None,
    )
    if variant.method == "POST":
        route = cast("APIRoute", app.routes[-1])
        route.app = slow_bodies.limited(route.app, limit_s=settings.upload_limit_s)


@asynccontextmanager
async def _lifespan(app: FastAPI, settings: Settings, enabled: Sequence[Variant]) -> AsyncIterator[None]:
    if settings.thread_tokens is not None:
        current_default_thread_limiter().total_tokens = settings.thread_tokens
    for module in sorted({name for v in enabled for name in v.imports}):
        import_module(module)
    async with AsyncExitStack() as stack:
        used = {v.uses.name: v.uses for v in enabled if v.uses is not None}
        shared = {name: await stack.enter_async_context(used[name].open(settings)) for name in sorted(used)}
        count_served = ServedCounter()
        app.state.bench = Bench(settings=settings, shared=shared, count_served=count_served)
        if settings.probe_path is not None:
            stack.enter_context(
                Probe(
                    path=probe_path(settings.probe_path, per_process=settings.probe_per_process),
                    tick_s=settings.probe_tick_s,
                    sample_s=settings.probe_sample_s,
                    count_served=count_served,
                )
            )
        yield


async def bystander() -> dict[str, bool]:
    """Answer at once: the response time of this route shows what other requests do to it."""
    return {"ok": True}


async def health() -> dict[str, bool]:
    """Answer at once: the SUT is ready."""
    return {"ok": True}


async def _docs(request: Request) -> HTMLResponse:
    return HTMLResponse(docs_page.page(request.app.openapi()))


async def _to_docs(_: Request) -> RedirectResponse:
    return RedirectResponse("docs")
