"""Verify audit trails: a gestor his prefeitura's, an operador any or all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from balcao.application.audited_chains import INSTALLATION_NAME, chain_of
from balcao.application.tenancy import SupervisedWork
from balcao.application.unit_of_work import UnitOfWork
from balcao.domain.audit import INSTALLATION_CHAIN, ChainHead
from balcao.domain.audit_verification import ChainVerifier, Fault, PublishedHeads
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId
from balcao.domain.usuario import Papel

_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyAuditRequest:
    """One prefeitura's chain, or every chain where ``prefeitura`` is None.

    ``published`` are heads that were kept outside: without them, a chain that somebody cut short or computed anew from
    some entry on, its head included, looks whole.
    """

    principal: Principal
    prefeitura: PrefeituraId | str | None = None
    published: PublishedHeads = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerdict:
    """What was found of a chain: the last entry up to which it is whole, and the fault behind it, if any.

    ``compared`` is how many published heads it was compared with.
    """

    chain_id: PrefeituraId
    name: str
    last: ChainHead
    compared: int
    fault: Fault | None


class VerifyAuditUseCase:
    """Reads chains from their first entry to their last; entries that are added meanwhile are verified too."""

    def __init__(self, open_work: SupervisedWork) -> None:
        self._open_work = open_work

    async def execute(self, request: VerifyAuditRequest) -> list[AuditVerdict]:
        """A verdict for each chain.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is neither gestor nor operador, or no operador where
                every chain is wanted.
            PrefeituraNotFound: there is none that the asker may look into.
        """
        principal = request.principal
        async with self._open_work(principal) as work:
            if request.prefeitura is None:
                principal.require(Papel.OPERADOR)
                chains = await _every_chain(work, request.published)
            else:
                chains = dict([await chain_of(work, principal, request.prefeitura)])
            return [
                await _verdict(work, chain_id, name, request.published.get(chain_id, {}))
                for chain_id, name in chains.items()
            ]


async def _every_chain(work: UnitOfWork, published: PublishedHeads) -> dict[PrefeituraId, str]:
    """The names of all chains that there are, or should be."""
    known = {INSTALLATION_CHAIN: INSTALLATION_NAME} | {item.id: item.slug for item in await work.prefeituras.find_all()}
    heads = {head.chain_id for head in await work.audit.heads()}
    return known | {chain_id: str(chain_id) for chain_id in sorted((heads | published.keys()) - known.keys())}


async def _verdict(work: UnitOfWork, chain_id: PrefeituraId, name: str, published: Mapping[int, bytes]) -> AuditVerdict:
    verifier = ChainVerifier(chain_id, published)
    fault = await _first_fault(work, chain_id, verifier)
    return AuditVerdict(chain_id=chain_id, name=name, last=verifier.last, compared=len(published), fault=fault)


async def _first_fault(work: UnitOfWork, chain_id: PrefeituraId, verifier: ChainVerifier) -> Fault | None:
    head = None
    while True:
        page = await work.audit.entries_after(chain_id, verifier.last.number, _PAGE)
        for entry in page:
            if fault := verifier.check(entry):
                return fault
        if not page:
            newest = await work.audit.head(chain_id)
            if newest == head:
                return verifier.finish(head)
            head = newest
