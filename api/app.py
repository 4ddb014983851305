"""The HTTP application, put together.

`create_app()` is the factory that a server is given: it reads the settings and connects to
Temporal at the first call that needs it, so the API starts, accepts and answers while
Temporal is away. Tests hand it a context of their own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.middleware import Middleware

from api import openapi, problems
from api.admission import Admission
from api.context import Context, make_context
from api.headers import ASSETS, SecurityHeaders
from api.limits import Limits
from api.routes import codec, docs, health, v1, youtube
from api.services.sweeping import UploadSweeper
from runtime.generation import notice_restore
from runtime.health.finding import SharedLook
from runtime.lifecycles import make_lifecycles
from runtime.parts import Parts, build_parts
from runtime.probing import ensure_isolation
from runtime.process_heartbeat import process_heartbeat
from runtime.settings import Settings
from runtime.temporal import client_options, connect
from runtime.version import VERSION
from runtime.waking import Waker
from store.files import require_folder


def create_app(context: Context | None = None) -> FastAPI:
    """The application. Without a context it is made of the environment's settings.

    Raises `CastlineError` when the key set, the data folder, the database or Temporal's client
    settings cannot be used, and when the API would be public without isolation of what parses
    foreign files.
    """
    if context is None:
        parts = build_parts(Settings())
        ensure_isolation(parts.settings)
        require_folder(parts.settings.data_dir)
        parts.store.require_current(writes=True)
        client_options(parts.settings)
        return _assemble(parts.settings, _connected(parts))
    app = _assemble(context.settings)
    app.state.context = context
    return app


Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def _assemble(settings: Settings, lifespan: Lifespan | None = None) -> FastAPI:
    app = FastAPIOffline(
        title="Castline",
        version=VERSION,
        description=openapi.DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        static_url=ASSETS,
        redirect_slashes=False,
        lifespan=lifespan,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(problems.LastResort),
            Middleware(codec.CodecCors, origin=settings.temporal_ui_url),
            Middleware(Admission, settings=settings),
            Middleware(Limits),
        ],
    )
    app.state.readiness = SharedLook()
    problems.install(app)
    openapi.install(app)
    for router in (v1.router, youtube.router, codec.router, health.router, docs.router):
        app.include_router(router)
    return app


def _connected(parts: Parts) -> Lifespan:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        client = await connect(parts.settings, parts.keyring, lazy=True)
        Waker(client, parts.store, parts.settings).attach()
        lifecycles = make_lifecycles(client, parts.settings)
        context = app.state.context = make_context(parts, lifecycles)
        await asyncio.to_thread(notice_restore, parts.settings, parts.store)
        sweeping = asyncio.create_task(UploadSweeper(context).run())
        try:
            with process_heartbeat("api", parts.store, parts.keyring, context.heartbeat):
                yield
        finally:
            sweeping.cancel()
            await asyncio.wait({sweeping})
            parts.store.close()

    return lifespan
