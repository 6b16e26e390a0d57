"""Routes without prefix: the page or the service's card, its health, its features."""

import time
from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from balcao.interface.api import pages
from balcao.interface.dependencies.container import VERSION
from balcao.interface.dependencies.providers import ContainerDep

API_PREFIX = "/api/v1"
APP_NAME = "Balcão"
router = APIRouter(tags=["serviço"])


@router.get("/", summary="Página ou cartão do serviço", response_model=None)
async def root(request: Request) -> Response:
    """Um navegador recebe a página de perguntas; os demais, o cartão do serviço em JSON."""
    if "text/html" in request.headers.get("accept", ""):
        return pages.page()
    card = {
        "message": f"{APP_NAME}: respostas com citações a documentos oficiais",
        "version": VERSION,
        "status": "running",
        "docs_url": "/docs",
        "api_prefix": API_PREFIX,
    }
    return JSONResponse(card, headers={"Vary": "Accept"})


@router.get(
    "/health",
    summary="Saúde do serviço",
    response_model=None,
    responses={503: {"description": "O banco não responde ou não está migrado."}},
)
async def health(container: ContainerDep) -> Response:
    """Consulta o banco; 503 quando ele não responde ou não está migrado."""
    now = time.time()
    found = await container.health.execute()
    if found.problem:
        body = {"status": "unhealthy", "error": found.problem, "timestamp": now}
        return JSONResponse(body, status_code=HTTPStatus.SERVICE_UNAVAILABLE)
    services = {"database": "healthy", "chat": "healthy", "embedding_count": found.embedding_count}
    return JSONResponse({"status": "healthy", "version": VERSION, "services": services, "timestamp": now})


@router.get("/info", summary="Recursos e limites")
async def info(container: ContainerDep) -> dict[str, object]:
    """Diz o que esta instalação oferece."""
    settings = container.settings
    return {
        "app_name": APP_NAME,
        "version": VERSION,
        "environment": "development" if settings.debug else "production",
        "features": {
            "chat": True,
            "document_search": True,
            "session_management": True,
            "rate_limiting": True,
            "contextual_retrieval": settings.use_contextual_retrieval,
        },
        "limits": {
            "max_messages_per_session": settings.max_messages_per_session,
            "max_daily_messages": settings.max_daily_messages,
            "chunk_size": settings.chunk_size,
            "default_search_results": settings.default_search_results,
        },
    }
