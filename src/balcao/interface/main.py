"""The HTTP application, created over a container; nothing exists at import."""

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from balcao.interface.api import pages, root
from balcao.interface.api.errors import install_error_handlers
from balcao.interface.api.middleware import RequestEdge
from balcao.interface.api.request_limits import BodyLimits, RequestLimits
from balcao.interface.api.schemas import EVERYWHERE, errors
from balcao.interface.api.v1 import (
    auditoria,
    auth,
    chat,
    chaves,
    consumo,
    conversations,
    document_work,
    documents,
    oidc,
    prefeituras,
    uploads,
    usuarios,
)
from balcao.interface.dependencies.container import VERSION, Container


def create_app(container: Container) -> FastAPI:
    """The application over this container, whose life is the caller's to manage."""
    app = FastAPI(
        title=root.APP_NAME,
        version=VERSION,
        description="Assistente que responde com citações a documentos oficiais.",
        docs_url=None,
        redoc_url=None,
        responses=errors(*EVERYWHERE),
    )
    app.state.container = container
    for module in (  # a request is held against each in turn: what most ask for comes first
        documents,
        chat,
        conversations,
        uploads,
        document_work,
        auth,
        oidc,
        prefeituras,
        consumo,
        auditoria,
        usuarios,
        chaves,
    ):
        app.include_router(module.router, prefix=root.API_PREFIX)
    app.include_router(root.router)
    app.include_router(pages.router)
    install_error_handlers(app)
    settings = container.settings
    limits = BodyLimits(max_bytes=settings.max_body_bytes, max_seconds=settings.request_body_seconds)
    files = uploads.file_routes(settings.max_upload_bytes, settings.upload_body_seconds)
    app.add_middleware(RequestLimits, limits=limits, file_routes=files)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials="*" not in settings.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-ID"],
            expose_headers=["X-Request-ID", "X-Process-Time"],
        )
    app.add_middleware(RequestEdge)
    return app
