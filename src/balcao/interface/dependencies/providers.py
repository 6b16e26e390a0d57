"""What routes receive through FastAPI's Depends."""

from typing import Annotated

from fastapi import Depends, Request

from balcao.interface.dependencies.container import Container


def get_container(request: Request) -> Container:
    """The container that the application was created with."""
    container = request.app.state.container
    if not isinstance(container, Container):
        raise TypeError("the application was created without a container")
    return container


ContainerDep = Annotated[Container, Depends(get_container)]
