"""``balcao prefeitura``: create, change and list the tenants."""

from typing import Annotated

import typer

from balcao.interface import cli_output as output
from balcao.interface import runtime
from balcao.interface.cli_options import INSTALLATION, Json

prefeitura_app = typer.Typer(help="Cria, altera, suspende e lista prefeituras.", no_args_is_help=True)

Uf = Annotated[str | None, typer.Option("--uf", metavar="UF", help="Sigla do estado, ex.: SC.")]
Ibge = Annotated[str | None, typer.Option("--ibge", metavar="CÓDIGO", help="Código IBGE do município, 7 dígitos.")]
Quota = Annotated[
    int | None,
    typer.Option("--quota", min=0, metavar="TOKENS", help="Tokens por mês; 10000 dão cerca de três respostas."),
]
Public = Annotated[bool, typer.Option("--publica", help="Torna esta a prefeitura das conversas sem login.")]
ContractDay = Annotated[
    int | None,
    typer.Option("--dia-contrato", min=1, max=31, metavar="DIA", help="Dia em que começa o mês do contrato."),
]


@prefeitura_app.command("criar")
def create_prefeitura(
    nome: Annotated[str, typer.Option("--nome", metavar="NOME", help='Ex.: "Prefeitura de Nova Trento".')],
    slug: Annotated[
        str, typer.Option("--slug", metavar="SLUG", help="Identificador em comandos e endereços, ex.: nova-trento.")
    ],
    uf: Uf = None,
    ibge: Ibge = None,
    quota: Quota = None,
    dia_contrato: ContractDay = None,
    publica: Public = False,
    as_json: Json = False,
) -> None:
    """Cria uma prefeitura; UF e código IBGE dizem de quais normas ela recebe respostas."""
    from balcao.application.use_cases.manage_prefeituras import CreatePrefeituraRequest
    from balcao.domain.prefeitura import DEFAULT_TOKEN_QUOTA, Prefeitura

    request = CreatePrefeituraRequest(
        principal=INSTALLATION,
        nome=nome,
        slug=slug,
        uf=uf.upper() if uf else None,
        ibge=ibge,
        publica=publica,
        quota_tokens=DEFAULT_TOKEN_QUOTA if quota is None else quota,
        dia_contrato=1 if dia_contrato is None else dia_contrato,
    )

    async def action(installation: runtime.Installation) -> Prefeitura:
        async with installation.container() as container:
            return await container.create_prefeitura.execute(request)

    output.show_prefeituras([runtime.run(action)], as_json=as_json, single=True)


@prefeitura_app.command("editar")
def edit_prefeitura(
    slug: Annotated[str, typer.Argument(metavar="SLUG")],
    nome: Annotated[str | None, typer.Option("--nome", metavar="NOME", help="Novo nome.")] = None,
    uf: Uf = None,
    ibge: Ibge = None,
    quota: Quota = None,
    dia_contrato: ContractDay = None,
    publica: Public = False,
    active: Annotated[
        bool | None, typer.Option("--reativar/--suspender", help="Suspensa, ninguém dela entra até ser reativada.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Altera uma prefeitura; o que não for informado fica como está."""
    from balcao.application.use_cases.manage_prefeituras import EditPrefeituraRequest
    from balcao.domain.prefeitura import Prefeitura

    request = EditPrefeituraRequest(
        principal=INSTALLATION,
        prefeitura=slug,
        nome=nome,
        uf=uf.upper() if uf else None,
        ibge=ibge,
        quota_tokens=quota,
        dia_contrato=dia_contrato,
        publica=publica or None,
        ativo=active,
    )

    async def action(installation: runtime.Installation) -> Prefeitura:
        async with installation.container() as container:
            return await container.edit_prefeitura.execute(request)

    output.show_prefeituras([runtime.run(action)], as_json=as_json, single=True)


@prefeitura_app.command("listar")
def list_prefeituras(as_json: Json = False) -> None:
    """Lista as prefeituras da instalação."""
    from balcao.application.use_cases.manage_prefeituras import ListPrefeiturasRequest
    from balcao.domain.prefeitura import Prefeitura

    async def action(installation: runtime.Installation) -> list[Prefeitura]:
        found: list[Prefeitura] = []
        async with installation.container() as container:
            while page := await container.list_prefeituras.execute(
                ListPrefeiturasRequest(principal=INSTALLATION, after=found[-1].id if found else None)
            ):
                found += page
        return found

    output.show_prefeituras(runtime.run(action), as_json=as_json)
