"""A prefeitura: the tenant that people, conversations and consumption belong to."""

import re
from dataclasses import dataclass
from datetime import datetime

from balcao.domain.ente import SearchScope
from balcao.domain.errors import InvalidInput
from balcao.domain.ids import PrefeituraId

DEFAULT_TOKEN_QUOTA = 10_000
"""Tokens a month that a new prefeitura may spend (ADR 001)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefeitura:
    """A city hall. ``uf`` and ``ibge`` say whose law its questions are answered from; ``publica`` marks the one
    prefeitura of the installation that holds anonymous conversations. Quota and consumption are in tokens.
    """

    id: PrefeituraId
    nome: str
    slug: str
    uf: str | None = None
    ibge: str | None = None
    publica: bool = False
    quota_tokens: int = DEFAULT_TOKEN_QUOTA
    tokens_consumidos: int = 0
    ativo: bool = True
    criado_em: datetime | None = None
    atualizado_em: datetime | None = None

    @property
    def municipality_name(self) -> str:
        """The municipality's name: the prefeitura's without "Prefeitura (Municipal) de" and without a remark."""
        name = re.sub(r"\s*\(.*\)\s*$", "", self.nome)
        return re.sub(r"^prefeitura(\s+municipal)?(\s+do\s+município)?\s+d[aeo]s?\s+", "", name, flags=re.IGNORECASE)

    def search_scope(self) -> SearchScope:
        """Its own state's and its own municipality's documents."""
        return SearchScope(
            ufs=frozenset({self.uf} if self.uf else ()), ibges=frozenset({self.ibge} if self.ibge else ())
        )


def check_slug(slug: str) -> str:
    """The slug, which names a prefeitura in commands and addresses.

    Raises:
        InvalidInput: it is not made of 1 to 63 lower-case letters, digits and inner hyphens.
    """
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", slug):
        raise InvalidInput(
            f'"{slug}" não serve de identificador; use letras minúsculas sem acento, números e hífens, '
            "como em nova-trento.",
            param="slug",
        )
    return slug
