"""What routes receive through FastAPI's Depends."""

from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.security import HTTPBearer

from balcao.domain.credentials import new_secret
from balcao.domain.identity import Principal
from balcao.domain.usuario import Papel
from balcao.interface.dependencies.client import Client, client_of
from balcao.interface.dependencies.container import Container

ANONYMOUS_COOKIE = "balcao_anonimo"
_ANONYMOUS = "anonimo"
_ANONYMOUS_SECONDS = 30 * 24 * 3600
_describes_login = HTTPBearer(
    auto_error=False, description="Token de acesso de um login, ou chave de API (blc_...); opcional onde se pergunta."
)


def get_container(request: Request) -> Container:
    """The container that the application was created with."""
    container = request.app.state.container
    if not isinstance(container, Container):
        raise TypeError("the application was created without a container")
    return container


async def _container(request: Request) -> Container:
    """A coroutine, so that FastAPI does not send each request to a thread for it."""
    return get_container(request)


ContainerDep = Annotated[Container, Depends(_container)]


async def principal_of(request: Request) -> Principal:
    """Who the request speaks for, found out once in each request.

    Raises:
        InvalidCredentials: the Authorization header proves nothing.
    """
    known = getattr(request.state, "principal", None)
    if isinstance(known, Principal):
        return known
    identify = get_container(request).identity.identify
    principal = await identify.execute(request.headers.get("authorization"))
    request.state.principal = principal
    return principal


async def get_logged_in(request: Request, _described: Annotated[object, Depends(_describes_login)]) -> Principal | None:
    """Who the request speaks for; None without an Authorization header, and then the database is not asked.

    Raises:
        InvalidCredentials: the header proves nothing.
    """
    return await principal_of(request) if "authorization" in request.headers else None


async def get_principal(request: Request, _described: Annotated[object, Depends(_describes_login)]) -> Principal:
    """Who the request speaks for: a person, a program, or the anonymous principal of the public prefeitura."""
    return await principal_of(request)


async def get_operator(principal: Annotated[Principal, Depends(get_principal)]) -> Principal:
    """An operador, before anything else of the request is looked at.

    Raises:
        AuthenticationRequired, PermissionDenied: somebody else asks.
    """
    principal.require(Papel.OPERADOR)
    return principal


async def get_member(principal: Annotated[Principal, Depends(get_principal)]) -> Principal:
    """Somebody who is logged in, in whatever role.

    Raises:
        AuthenticationRequired: nobody is.
    """
    principal.require(*Papel)
    return principal


OperatorDep = Annotated[Principal, Depends(get_operator)]
MemberDep = Annotated[Principal, Depends(get_member)]
LoggedInDep = Annotated[Principal | None, Depends(get_logged_in)]
PrincipalDep = Annotated[Principal, Depends(get_principal)]


def network_client(request: Request) -> Client:
    """Where the request comes from."""
    return client_of(request, get_container(request).settings.trusted_proxies)


async def _client(request: Request) -> Client:
    """A coroutine, for the same reason as the container's."""
    return network_client(request)


ClientDep = Annotated[Client, Depends(_client)]


def known_visitor(request: Request) -> str | None:
    """What our cookie calls the client; None when it brings none that is ours."""
    cookie = request.cookies.get(ANONYMOUS_COOKIE)
    return get_container(request).identity.signer.read_cookie(_ANONYMOUS, cookie) if cookie else None


async def get_visitor(request: Request, response: Response, client: ClientDep, asker: LoggedInDep) -> str | None:
    """What the anonymous client is called; a new one gets a name and the cookie that holds it. None after a login."""
    if asker is not None:
        return None
    visitor = known_visitor(request)
    if visitor is None:
        visitor = new_secret()
        response.set_cookie(
            ANONYMOUS_COOKIE,
            get_container(request).identity.signer.cookie(_ANONYMOUS, visitor),
            max_age=_ANONYMOUS_SECONDS,
            secure=client.is_https,
            httponly=True,
            samesite="lax",
        )
    return visitor


VisitorDep = Annotated[str | None, Depends(get_visitor)]
