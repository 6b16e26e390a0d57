"""Compare the ledger with messages, periods and prefeituras: they must agree to the token."""

from dataclasses import dataclass

from balcao.application.tenancy import find_prefeitura
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.consumption_report import Difference
from balcao.domain.identity import Principal
from balcao.domain.usuario import Papel

MOST_DIFFERENCES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckBooksRequest:
    """Of one prefeitura by its slug, or of all."""

    principal: Principal
    slug: str | None = None


class CheckBooksUseCase:
    """Names every number that is not what the ledger says, up to MOST_DIFFERENCES."""

    def __init__(self, open_work: InstallationUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, request: CheckBooksRequest) -> list[Difference]:
        """The differences; none when the books agree. Nothing has to stand still meanwhile.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is no operador.
            PrefeituraNotFound: there is none with this slug.
        """
        request.principal.require(Papel.OPERADOR)
        async with self._open_work() as work:
            wanted = None if request.slug is None else (await find_prefeitura(work, request.slug)).id
            return await work.consumption.differences(wanted, MOST_DIFFERENCES)
