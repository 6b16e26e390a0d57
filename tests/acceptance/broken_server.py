"""``balcao`` with three routes that nobody may have: one fails, one answers what is not documented, one tells all."""

from unittest.mock import patch

from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from balcao.interface import server
from balcao.interface.cli import main
from balcao.interface.dependencies.container import Container
from balcao.interface.main import create_app


def create_broken_app(container: Container) -> FastAPI:
    app = create_app(container)

    @app.get("/quebrada/falha")
    async def fail() -> None:
        raise RuntimeError("unforeseen")

    @app.get("/quebrada/nova")
    async def surprise() -> PlainTextResponse:
        return PlainTextResponse("bule", status_code=418)

    @app.get("/quebrada/indiscreta")
    async def tell() -> dict[str, str]:
        return {"error": 'Traceback (most recent call last):\n  File "/app/main.py", line 1'}

    return app


if __name__ == "__main__":
    with patch.object(server, "create_app", create_broken_app):
        main()
