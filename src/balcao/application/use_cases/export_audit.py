"""Export an audit trail for an auditor, who needs neither the database nor Balcão to verify it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from balcao.application.audited_chains import chain_of
from balcao.application.ports import AuditBundle, AuditBundles, Clock
from balcao.application.tenancy import SupervisedWork
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.audit import GENESIS, AuditEntry, ChainHead
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportAuditRequest:
    """The chain of a prefeitura, into a new file ``path`` that ends in .zip, or a new folder."""

    principal: Principal
    prefeitura: PrefeituraId | str
    path: Path


class ExportAuditUseCase:
    """Writes the chain as it stands, whole or not, with its head and a program that verifies it."""

    def __init__(self, open_work: SupervisedWork, bundles: AuditBundles, clock: Clock) -> None:
        self._open_work = open_work
        self._bundles = bundles
        self._clock = clock

    async def execute(self, request: ExportAuditRequest) -> AuditBundle:
        """Write it; what was written.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is neither gestor nor operador.
            PrefeituraNotFound: there is none that the asker may look into.
            InvalidInput: the path exists already, or cannot be written.
        """
        async with self._open_work(request.principal) as work:
            chain_id, name = await chain_of(work, request.principal, request.prefeitura)
            head = await work.audit.head(chain_id) or ChainHead(chain_id=chain_id, number=0, hash=GENESIS)
            bundle = AuditBundle(path=request.path, name=name, head=head, written_at=self._clock.now())
            await self._bundles.write(bundle, _pages(work, head))
        return bundle


async def _pages(work: UnitOfWork, head: ChainHead) -> AsyncIterator[Sequence[AuditEntry]]:
    """The entries up to the head; what is added meanwhile is not part of the bundle."""
    number = 0
    while page := await work.audit.entries_after(head.chain_id, number, _PAGE):
        yield [entry for entry in page if entry.number <= head.number]
        number = page[-1].number
