"""Which prefeitura a request speaks for."""

from collections.abc import Callable

from balcao.application.unit_of_work import CollectionReader, InstallationUnitOfWork, TenantUnitOfWork, UnitOfWork
from balcao.domain.errors import PrefeituraNotFound
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.usuario import Papel

OpenDoors = Callable[[], CollectionReader | UnitOfWork]
"""Whatever opens the narrow doors from a slug to an id: no tenant need be known for them, nor a transaction."""


async def prefeitura_id_of(open_work: OpenDoors, slug: str | None) -> PrefeituraId:
    """Id of the prefeitura with this slug; of the installation's public one where ``slug`` is None.

    Raises:
        PrefeituraNotFound: there is none, or it is suspended.
    """
    async with open_work() as work:
        found = await (work.prefeituras.public_id() if slug is None else work.prefeituras.id_of_slug(slug))
    if found is None:
        raise PrefeituraNotFound(param="prefeitura")
    return found


async def own_prefeitura_id(open_work: OpenDoors, principal: Principal, slug: str | None) -> PrefeituraId:
    """The asker's prefeitura, which the slug may only confirm.

    Raises:
        PrefeituraNotFound: the slug is another's, or nobody's: both answer the same.
    """
    if slug is not None and await prefeitura_id_of(open_work, slug) != principal.prefeitura_id:
        raise PrefeituraNotFound(param="prefeitura")
    return principal.prefeitura_id


async def managed_prefeitura_id(open_work: TenantUnitOfWork, principal: Principal, slug: str | None) -> PrefeituraId:
    """The prefeitura whose people and keys are to be managed: a gestor's own, any one for an operador.

    Raises:
        AuthenticationRequired, PermissionDenied: the asker manages nobody.
        PrefeituraNotFound: there is none with this slug that he may manage.
    """
    principal.require(Papel.GESTOR, Papel.OPERADOR)
    if slug is not None and principal.papel is Papel.OPERADOR:
        return await prefeitura_id_of(open_work, slug)
    return await own_prefeitura_id(open_work, principal, slug)


async def find_prefeitura(work: UnitOfWork, wanted: PrefeituraId | str) -> Prefeitura:
    """The prefeitura with this id or this slug, suspended or not, if visible to this unit of work.

    Raises:
        PrefeituraNotFound: there is none.
    """
    found = await (
        work.prefeituras.find_by_slug(wanted) if isinstance(wanted, str) else work.prefeituras.find_by_id(wanted)
    )
    if found is None:
        raise PrefeituraNotFound(param="prefeitura")
    return found


class SupervisedWork:
    """Opens units of work for whom looks after a prefeitura's consumption: a gestor his own's, an operador any's."""

    def __init__(self, open_operator_work: InstallationUnitOfWork, open_work: TenantUnitOfWork) -> None:
        self._open_operator_work = open_operator_work
        self._open_work = open_work

    def __call__(self, principal: Principal) -> UnitOfWork:
        """A unit of work to enter with ``async with``.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker looks after none.
        """
        principal.require(Papel.GESTOR, Papel.OPERADOR)
        if principal.papel is Papel.OPERADOR:
            return self._open_operator_work()
        return self._open_work(principal.prefeitura_id)
