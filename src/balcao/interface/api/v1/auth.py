"""Logins and passwords."""

from fastapi import APIRouter, Request, Response

from balcao.application.use_cases.accept_invitation import AcceptInvitationRequest
from balcao.application.use_cases.change_password import ChangePasswordRequest
from balcao.application.use_cases.log_in import LogInRequest
from balcao.interface.api.identity_schemas import LoginBody, PasswordBody, ProfileView, RefreshBody, TokensView
from balcao.interface.api.schemas import errors
from balcao.interface.dependencies.providers import ClientDep, ContainerDep, PrincipalDep

DEVICE_COOKIE = "balcao_dispositivo"
_DEVICE_SECONDS = 180 * 24 * 3600
router = APIRouter(prefix="/auth", tags=["acesso"])


@router.post("/login", summary="Entrar", responses=errors(400, 401, 429))
async def login(
    body: LoginBody, request: Request, response: Response, container: ContainerDep, client: ClientDep
) -> TokensView:
    """Troca e-mail e senha por um token de acesso, que vale 10 minutos, e um de renovação, que vale uma vez."""
    entered = await container.identity.log_in.execute(
        LogInRequest(
            email=body.email,
            password=body.senha,
            address=client.address,
            device_cookie=request.cookies.get(DEVICE_COOKIE),
        )
    )
    response.set_cookie(
        DEVICE_COOKIE,
        entered.device_cookie,
        max_age=_DEVICE_SECONDS,
        path=request.url.path,
        secure=client.is_https,
        httponly=True,
        samesite="strict",
    )
    return TokensView.of(entered.tokens)


@router.post("/refresh", summary="Renovar o acesso", responses=errors(400, 401))
async def refresh(body: RefreshBody, container: ContainerDep) -> TokensView:
    """Troca o token de renovação por outro par. Um token já trocado, se aparecer de novo, encerra o acesso."""
    return TokensView.of(await container.identity.refresh_login.execute(body.refresh_token))


@router.post("/logout", summary="Sair", status_code=204, responses=errors(401, 403, 404))
async def logout(container: ContainerDep, principal: PrincipalDep) -> None:
    """Encerra o acesso por onde o pedido veio; os tokens dele deixam de valer na hora."""
    await container.identity.log_out.execute(principal)


@router.get("/me", summary="Quem sou", responses=errors(401, 403, 404))
async def me(container: ContainerDep, principal: PrincipalDep) -> ProfileView:
    """A pessoa que fez o login e a prefeitura dela."""
    return ProfileView.of(await container.identity.read_profile.execute(principal))


@router.post("/senha", summary="Definir a senha", responses=errors(400, 401, 403, 404, 429))
async def set_password(body: PasswordBody, container: ContainerDep, principal: PrincipalDep) -> TokensView:
    """Com `senha_atual`, troca a senha de quem entrou; com `convite`, define a primeira. Os demais acessos terminam."""
    if body.convite is not None:
        invitation = AcceptInvitationRequest(token=body.convite, password=body.senha_nova)
        return TokensView.of(await container.identity.accept_invitation.execute(invitation))
    change = ChangePasswordRequest(principal=principal, current=body.senha_atual or "", new=body.senha_nova)
    return TokensView.of(await container.identity.change_password.execute(change))
