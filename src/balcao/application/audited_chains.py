"""Which chain of the audit trail is asked for, and who may look into it."""

from balcao.application.tenancy import find_prefeitura
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.audit import INSTALLATION_CHAIN
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId
from balcao.domain.usuario import Papel

INSTALLATION_NAME = "instalacao"
"""What the chain of no prefeitura is called; a prefeitura may have the slug, which nothing is found by here."""


async def chain_of(work: UnitOfWork, principal: Principal, wanted: PrefeituraId | str) -> tuple[PrefeituraId, str]:
    """The chain of this prefeitura and its name; by the id of zeros, an operador's the installation's own.

    Raises:
        PrefeituraNotFound: there is none with this id or slug that is visible to the unit of work.
    """
    if wanted == INSTALLATION_CHAIN and principal.papel is Papel.OPERADOR:
        return INSTALLATION_CHAIN, INSTALLATION_NAME
    prefeitura = await find_prefeitura(work, wanted)
    return prefeitura.id, prefeitura.slug
