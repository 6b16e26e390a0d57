"""What commands have in common: their options, and in whose name they act."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer

from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId
from balcao.domain.usuario import Papel

Json = Annotated[bool, typer.Option("--json", help="Imprime um único valor JSON na saída padrão.")]

DAYS = ["%Y-%m-%d"]

Day = Annotated[
    datetime | None,
    typer.Option(
        "--na-data",
        formats=DAYS,
        metavar="AAAA-MM-DD",
        help="Com o que estava em vigor neste dia; sem ela, com o que está hoje.",
    ),
]
OutOfForceToo = Annotated[
    bool,
    typer.Option("--incluir-revogados", help="Também com o que não está em vigor, dizendo isso; ignora --na-data."),
]

INSTALLATION = Principal(prefeitura_id=PrefeituraId(UUID(int=0)), papel=Papel.OPERADOR)
"""Whoever may run commands on this machine operates the installation; he is of no prefeitura."""
