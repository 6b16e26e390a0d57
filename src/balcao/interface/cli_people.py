"""``balcao usuario`` and ``balcao chave``: the people and the API keys of a prefeitura."""

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from balcao.domain.errors import PrefeituraNotFound
from balcao.domain.ids import ApiKeyId, UsuarioId
from balcao.domain.usuario import Papel, Usuario
from balcao.interface import cli_output as output
from balcao.interface import runtime
from balcao.interface.cli_options import INSTALLATION, Json

if TYPE_CHECKING:
    from balcao.application.use_cases.create_first_operator import FirstOperator
    from balcao.application.use_cases.manage_api_keys import CreatedApiKey
    from balcao.application.use_cases.manage_usuarios import Invited
    from balcao.domain.identity import ApiKey
    from balcao.interface.dependencies.container import Container

usuario_app = typer.Typer(help="Convida, altera e lista as pessoas de uma prefeitura.", no_args_is_help=True)
chave_app = typer.Typer(help="Cria, revoga e lista as chaves de API de uma prefeitura.", no_args_is_help=True)

Slug = Annotated[str, typer.Option("--prefeitura", metavar="SLUG", help="De qual prefeitura.")]
Role = Annotated[
    Papel,
    typer.Option("--papel", help="servidor pergunta; gestor cuida das pessoas e chaves; operador, da instalação."),
]
PersonId = Annotated[UUID, typer.Argument(metavar="ID", help='Veja em "balcao usuario listar".')]


@usuario_app.command("criar")
def create_usuario(
    slug: Slug,
    nome: Annotated[str, typer.Option("--nome", metavar="NOME", help="Nome da pessoa.")],
    email: Annotated[str, typer.Option("--email", metavar="EMAIL", help="E-mail com que ela vai entrar.")],
    papel: Role = Papel.SERVIDOR,
    as_json: Json = False,
) -> None:
    """Cria uma pessoa e mostra, uma única vez, o convite com que ela define a senha."""
    from balcao.application.use_cases.manage_usuarios import InviteRequest

    request = InviteRequest(principal=INSTALLATION, nome=nome, email=email, papel=papel, prefeitura_slug=slug)

    async def action(installation: runtime.Installation) -> "Invited":
        async with installation.container() as container:
            return await container.identity.invite_usuario.execute(request)

    _show_invitation(runtime.run(action), as_json=as_json)


@usuario_app.command("convidar")
def invite_again(person: PersonId, slug: Slug, as_json: Json = False) -> None:
    """Faz outro convite para quem já existe: o primeiro se perdeu ou venceu, ou a senha foi esquecida."""
    from balcao.application.use_cases.manage_usuarios import UsuarioRequest

    request = UsuarioRequest(principal=INSTALLATION, usuario_id=UsuarioId(person), prefeitura_slug=slug)

    async def action(installation: runtime.Installation) -> "Invited":
        async with installation.container() as container:
            return await container.identity.renew_invitation.execute(request)

    _show_invitation(runtime.run(action), as_json=as_json)


@usuario_app.command("listar")
def list_usuarios(slug: Slug, as_json: Json = False) -> None:
    """Lista as pessoas da prefeitura."""
    from balcao.application.use_cases.manage_usuarios import ListUsuariosRequest

    async def action(installation: runtime.Installation) -> list[Usuario]:
        found: list[Usuario] = []
        async with installation.container() as container:
            while page := await container.identity.list_usuarios.execute(
                ListUsuariosRequest(principal=INSTALLATION, prefeitura_slug=slug, after=found[-1].id if found else None)
            ):
                found += page
        return found

    _show_people(runtime.run(action), as_json=as_json)


@usuario_app.command("editar")
def edit_usuario(
    person: PersonId,
    slug: Slug,
    papel: Annotated[Papel | None, typer.Option("--papel", help="Novo papel.")] = None,
    active: Annotated[
        bool | None, typer.Option("--ativar/--desativar", help="Desativada, a pessoa não entra; nada é apagado.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Muda o papel de uma pessoa, ou tira e devolve o acesso dela."""
    from balcao.application.use_cases.manage_usuarios import ChangeRoleRequest, UsuarioRequest

    if (papel is None) == (active is None):
        raise typer.BadParameter("Informe --papel, --ativar ou --desativar: um deles.")
    request = UsuarioRequest(principal=INSTALLATION, usuario_id=UsuarioId(person), prefeitura_slug=slug)

    async def action(installation: runtime.Installation) -> Usuario:
        async with installation.container() as container:
            identity = container.identity
            if papel is None:
                return await (identity.enable_usuario if active else identity.disable_usuario).execute(request)
            return await identity.change_role.execute(
                ChangeRoleRequest(
                    principal=INSTALLATION, usuario_id=request.usuario_id, papel=papel, prefeitura_slug=slug
                )
            )

    _show_people([runtime.run(action)], as_json=as_json, single=True)


@usuario_app.command("primeiro-operador")
def create_first_operator(as_json: Json = False) -> None:
    """Cria o primeiro operador e mostra, uma única vez, a senha dele; se já há pessoas, nada faz."""

    async def action(installation: runtime.Installation) -> "FirstOperator | None":
        async with installation.container() as container:
            return await container.identity.create_first_operator.execute()

    created = runtime.run(action)
    if created is None:
        value, text = None, "A instalação já tem pessoas; nada foi feito."
    else:
        value, text = {"email": created.email, "senha": created.password}, _first_access(created)
    output.show(value, text, as_json=as_json)


async def introduce_first_operator(container: "Container", *, as_json: bool = False) -> "FirstOperator | None":
    """On serving an installation without people: create the first operador and, unless ``as_json``, print how he gets
    in; who asked for JSON prints it himself.
    """
    try:
        created = await container.identity.create_first_operator.execute()
    except PrefeituraNotFound:
        tell = output.complain if as_json else output.say
        tell("Sem prefeitura pública e sem pessoas: ninguém pode entrar. Reative ou crie uma prefeitura pública.")
        return None
    if created is not None and not as_json:
        output.say(_first_access(created))
    return created


@chave_app.command("criar")
def create_key(
    slug: Slug,
    nome: Annotated[str, typer.Option("--nome", metavar="NOME", help='Para quê, ex.: "Site da prefeitura".')],
    papel: Role = Papel.SERVIDOR,
    as_json: Json = False,
) -> None:
    """Cria uma chave de API e a mostra, uma única vez."""
    from balcao.application.use_cases.manage_api_keys import CreateApiKeyRequest

    request = CreateApiKeyRequest(principal=INSTALLATION, nome=nome, papel=papel, prefeitura_slug=slug)

    async def action(installation: runtime.Installation) -> "CreatedApiKey":
        async with installation.container() as container:
            return await container.identity.create_api_key.execute(request)

    _show_new_key(runtime.run(action), as_json=as_json)


@chave_app.command("listar")
def list_keys(slug: Slug, as_json: Json = False) -> None:
    """Lista as chaves da prefeitura, com o último uso; nunca o segredo."""
    from balcao.application.use_cases.manage_api_keys import ListApiKeysRequest

    async def action(installation: runtime.Installation) -> "list[ApiKey]":
        found: list[ApiKey] = []
        async with installation.container() as container:
            while page := await container.identity.list_api_keys.execute(
                ListApiKeysRequest(principal=INSTALLATION, prefeitura_slug=slug, after=found[-1].id if found else None)
            ):
                found += page
        return found

    _show_keys(runtime.run(action), as_json=as_json)


@chave_app.command("revogar")
def revoke_key(
    key: Annotated[UUID, typer.Argument(metavar="ID", help='Veja em "balcao chave listar".')],
    slug: Slug,
    as_json: Json = False,
) -> None:
    """A chave deixa de valer na hora."""
    from balcao.application.use_cases.manage_api_keys import RevokeApiKeyRequest

    request = RevokeApiKeyRequest(principal=INSTALLATION, key_id=ApiKeyId(key), prefeitura_slug=slug)

    async def action(installation: runtime.Installation) -> None:
        async with installation.container() as container:
            await container.identity.revoke_api_key.execute(request)

    runtime.run(action)
    output.show({"id": str(key), "revogada": True}, f"Chave revogada: {key}", as_json=as_json)


def _show_invitation(invited: "Invited", *, as_json: bool) -> None:
    from balcao.interface.api.identity_schemas import InvitedView

    text = (
        f"{_person(invited.usuario)}\n"
        f"Convite, mostrado só agora e válido até {invited.expires_at:%d/%m/%Y}: {invited.token}\n"
        "Com ele a pessoa define a senha e entra: POST /api/v1/auth/senha, em docs/api.md."
    )
    output.show(InvitedView.of(invited).model_dump(mode="json"), text, as_json=as_json)


def _show_people(people: list[Usuario], *, as_json: bool, single: bool = False) -> None:
    from balcao.interface.api.identity_schemas import UsuarioView

    rows = [UsuarioView.of(usuario).model_dump(mode="json") for usuario in people]
    text = "\n".join(_person(usuario) for usuario in people) or 'Ninguém ainda; comece com "balcao usuario criar".'
    output.show(rows[0] if single else rows, text, as_json=as_json)


def _show_new_key(created: "CreatedApiKey", *, as_json: bool) -> None:
    from balcao.interface.api.identity_schemas import CreatedApiKeyView

    text = f"{_key(created.key)}\nSegredo, mostrado só agora: {created.secret}"
    output.show(CreatedApiKeyView.of(created).model_dump(mode="json"), text, as_json=as_json)


def _show_keys(keys: "list[ApiKey]", *, as_json: bool) -> None:
    from balcao.interface.api.identity_schemas import ApiKeyView

    rows = [ApiKeyView.of(key).model_dump(mode="json") for key in keys]
    text = "\n".join(_key(key) for key in keys) or 'Nenhuma chave; comece com "balcao chave criar".'
    output.show(rows, text, as_json=as_json)


def _person(usuario: Usuario) -> str:
    remarks = [usuario.papel.value]
    if usuario.senha_hash is None:
        remarks.append("convite pendente")
    if not usuario.ativo:
        remarks.append("desativada")
    return f"{usuario.id}  {usuario.nome} <{usuario.email}> ({', '.join(remarks)})"


def _key(key: "ApiKey") -> str:
    used = f"usada em {key.last_used_at:%d/%m/%Y %H:%M}" if key.last_used_at else "nunca usada"
    revoked = ", revogada" if key.revoked_at else ""
    return f"{key.id}  {key.nome} ({key.prefix}…, {key.papel}, {used}{revoked})"


def _first_access(created: "FirstOperator") -> str:
    return (
        f"Primeiro acesso, mostrado só agora: e-mail {created.email}, senha {created.password}\n"
        "Guarde a senha e troque-a depois de entrar."
    )
