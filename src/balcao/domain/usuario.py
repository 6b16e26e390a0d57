"""A person of a prefeitura."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from balcao.domain.errors import InvalidInput
from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.domain.text import require_storable

_LONGEST_NAME = 200


class Papel(StrEnum):
    """What a person may do: ask; manage his prefeitura's people; run the installation."""

    SERVIDOR = "servidor"
    GESTOR = "gestor"
    OPERADOR = "operador"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usuario:
    """A person of a prefeitura; ``senha_hash`` is None until he sets a password.

    ``versao_token`` grows whenever every token given to him until then must stop working.
    """

    id: UsuarioId
    prefeitura_id: PrefeituraId
    nome: str
    email: str
    papel: Papel = Papel.SERVIDOR
    senha_hash: str | None = field(default=None, repr=False)
    versao_token: int = 0
    ativo: bool = True
    criado_em: datetime | None = None
    atualizado_em: datetime | None = None


def check_nome(nome: str, *, param: str = "nome") -> str:
    """The name of a person or of a key, without surrounding space.

    Raises:
        InvalidText: it holds NUL or a lone surrogate.
        InvalidInput: nothing is left, it is longer than 200 characters or holds control characters.
    """
    require_storable(nome, param=param)
    kept = nome.strip()
    if not 0 < len(kept) <= _LONGEST_NAME or not kept.isprintable():
        raise InvalidInput(f"O nome precisa ter de 1 a {_LONGEST_NAME} caracteres, numa só linha.", param=param)
    return kept
