"""Login by an identity provider, over OpenID Connect."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from balcao.application.use_cases.log_in_with_provider import ProviderReturn
from balcao.domain.errors import NotFound
from balcao.interface.api.identity_schemas import TokensView
from balcao.interface.api.schemas import errors
from balcao.interface.dependencies.provider_login import ProviderLogins
from balcao.interface.dependencies.providers import ClientDep, ContainerDep

COOKIE = "balcao_provedor"
_RETURN = "provider_return"
_LONGEST_CODE = 4096
_LONGEST_WORD = 256
router = APIRouter(prefix="/auth/oidc", tags=["acesso"])


def get_logins(container: ContainerDep) -> ProviderLogins:
    """Logins by the configured provider.

    Raises:
        NotFound: none is configured.
    """
    if container.provider_logins is None:
        raise NotFound("Esta instalação não tem entrada por outro provedor; use e-mail e senha.")
    return container.provider_logins


LoginsDep = Annotated[ProviderLogins, Depends(get_logins)]
CodeQuery = Annotated[str | None, Query(max_length=_LONGEST_CODE, description="O código que o provedor deu.")]
StateQuery = Annotated[str | None, Query(max_length=_LONGEST_WORD, description="O que o Balcão enviou ao provedor.")]
ErrorQuery = Annotated[str | None, Query(max_length=_LONGEST_WORD, description="Por que o provedor não deu código.")]


@router.get(
    "/entrar",
    summary="Entrar por um provedor",
    status_code=302,
    response_class=RedirectResponse,
    responses=errors(404, 502),
)
async def provider_login(request: Request, logins: LoginsDep, client: ClientDep) -> RedirectResponse:
    """Leva o navegador ao provedor configurado (gov.br, Google), com um cookie que vale 10 minutos."""
    begun = await logins.start.execute(_redirect_uri(request, logins))
    response = RedirectResponse(begun.url, status_code=302)
    response.set_cookie(
        COOKIE,
        begun.cookie,
        max_age=begun.expires_in_seconds,
        path=request.app.url_path_for(_RETURN),
        secure=client.is_https,
        httponly=True,
        samesite="lax",
    )
    return response


@router.get(
    "/retorno",
    name=_RETURN,
    summary="Voltar do provedor",
    responses=errors(401, 404, 429, 502),
)
async def provider_return(
    request: Request,
    response: Response,
    logins: LoginsDep,
    client: ClientDep,
    code: CodeQuery = None,
    state: StateQuery = None,
    error: ErrorQuery = None,
) -> TokensView:
    """Recebe quem volta do provedor e responde como `/auth/login`. Só entra quem já foi convidado."""
    tokens = await logins.finish.execute(
        ProviderReturn(
            code=code,
            state=state,
            error=error,
            cookie=request.cookies.get(COOKIE),
            redirect_uri=_redirect_uri(request, logins),
            address=client.address,
        )
    )
    response.delete_cookie(COOKIE, path=request.app.url_path_for(_RETURN))
    return TokensView.of(tokens)


def _redirect_uri(request: Request, logins: ProviderLogins) -> str:
    """Where the provider sends people back to: our own address as configured, whatever the request calls us."""
    return f"{logins.public_url}{request.app.url_path_for(_RETURN)}"
