"""A person of a prefeitura."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from balcao.domain.ids import PrefeituraId, UsuarioId


class Papel(StrEnum):
    """What a person may do: ask; manage his prefeitura's people; run the installation."""

    SERVIDOR = "servidor"
    GESTOR = "gestor"
    OPERADOR = "operador"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usuario:
    """A person of a prefeitura; ``senha_hash`` is None until he sets a password."""

    id: UsuarioId
    prefeitura_id: PrefeituraId
    nome: str
    email: str
    papel: Papel = Papel.SERVIDOR
    senha_hash: str | None = None
    ativo: bool = True
    criado_em: datetime | None = None
    atualizado_em: datetime | None = None
