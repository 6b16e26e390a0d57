"""A prefeitura: the tenant that people, conversations and consumption belong to."""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from balcao.domain.ente import Ente, SearchScope
from balcao.domain.errors import InvalidInput
from balcao.domain.ids import PrefeituraId
from balcao.domain.text import require_storable
from balcao.domain.usuario import check_nome

DEFAULT_TOKEN_QUOTA = 10_000
"""Tokens a month that a new prefeitura may spend (ADR 001)."""
_LARGEST_QUOTA = 10**15
_LAST_DAY = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefeitura:
    """A city hall. ``uf`` and ``ibge`` say whose law its questions are answered from; ``publica`` marks the one
    prefeitura of the installation that holds anonymous conversations. Quota and consumption are in tokens.
    ``dia_contrato`` is the day, 1 to 31, on which a month of its contract begins; in shorter months, the last one.
    """

    id: PrefeituraId
    nome: str
    slug: str
    uf: str | None = None
    ibge: str | None = None
    publica: bool = False
    quota_tokens: int = DEFAULT_TOKEN_QUOTA
    tokens_consumidos: int = 0
    dia_contrato: int = 1
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
        InvalidText: it holds NUL or a lone surrogate.
    """
    require_storable(slug, param="slug")
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", slug):
        raise InvalidInput(
            f'"{slug}" não serve de identificador; use letras minúsculas sem acento, números e hífens, '
            "como em nova-trento.",
            param="slug",
        )
    return slug


def check_prefeitura(prefeitura: Prefeitura) -> Prefeitura:
    """The prefeitura, fit to be kept, its name without surrounding space.

    Raises:
        InvalidInput, InvalidText: the name, the slug, the quota or the contract day is not possible.
        InvalidEnte: the state or the IBGE code is not.
    """
    check_slug(prefeitura.slug)
    Ente.municipio(prefeitura.ibge, prefeitura.uf)
    if not 0 <= prefeitura.quota_tokens <= _LARGEST_QUOTA:
        raise InvalidInput(f"A quota vai de 0 a {_LARGEST_QUOTA} tokens por mês.", param="quota_tokens")
    if not 1 <= prefeitura.dia_contrato <= _LAST_DAY:
        raise InvalidInput(f"O dia do contrato vai de 1 a {_LAST_DAY}.", param="dia_contrato")
    return replace(prefeitura, nome=check_nome(prefeitura.nome))
