"""The HTTP application, created over a container; nothing exists at import."""

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from balcao.interface.api import pages, root
from balcao.interface.api.errors import install_error_handlers
from balcao.interface.api.middleware import RequestEdge
from balcao.interface.api.v1 import chat, documents
from balcao.interface.dependencies.container import VERSION, Container


def create_app(container: Container) -> FastAPI:
    """The application over this container, whose life is the caller's to manage."""
    app = FastAPI(
        title=root.APP_NAME,
        version=VERSION,
        description="Assistente que responde com citações a documentos oficiais.",
    )
    app.state.container = container
    app.include_router(root.router)
    app.include_router(pages.router)
    app.include_router(chat.router, prefix=root.API_PREFIX)
    app.include_router(documents.router, prefix=root.API_PREFIX)
    install_error_handlers(app)
    origins = container.settings.cors_origins
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_credentials="*" not in origins,
            allow_methods=["GET", "POST"],
            allow_headers=["Content-Type", "X-Request-ID"],
            expose_headers=["X-Request-ID", "X-Process-Time"],
        )
    app.add_middleware(RequestEdge)
    return app
