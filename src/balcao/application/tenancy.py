"""Which prefeitura a request speaks for."""

from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.errors import PrefeituraNotFound
from balcao.domain.ids import PrefeituraId


async def prefeitura_id_of(open_work: TenantUnitOfWork, slug: str | None) -> PrefeituraId:
    """Id of the prefeitura with this slug; of the installation's public one where ``slug`` is None.

    Raises:
        PrefeituraNotFound: there is none, or it is suspended.
    """
    async with open_work() as work:
        found = await (work.prefeituras.public_id() if slug is None else work.prefeituras.id_of_slug(slug))
    if found is None:
        raise PrefeituraNotFound(param="prefeitura")
    return found
