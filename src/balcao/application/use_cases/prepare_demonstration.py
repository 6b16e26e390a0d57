"""Make an empty installation show something: a fictional prefeitura that answers from the example documents."""

from uuid import uuid4

from balcao.application.audit_trail import AuditTrail
from balcao.application.unit_of_work import InstallationUnitOfWork
from balcao.domain.audit import AuditKind
from balcao.domain.canonical_json import Json
from balcao.domain.ids import PrefeituraId
from balcao.domain.prefeitura import Prefeitura

DEMONSTRATION_SLUG = "demonstracao"
DEMONSTRATION_IBGE = "9999999"
"""No municipality has it: IBGE's codes begin with the number of a state, 11 to 53."""


class PrepareDemonstrationUseCase:
    """Safe to run at every start: what is there already stays as it is."""

    def __init__(self, open_work: InstallationUnitOfWork, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._trail = trail

    async def execute(self) -> bool:
        """Create the demonstration prefeitura unless it exists, and make it the public one then.

        Returns whether the collection is empty, so that the example documents are still to be ingested.
        """
        async with self._open_work() as work:
            if await work.prefeituras.id_of_slug(DEMONSTRATION_SLUG) is None:
                new = Prefeitura(
                    id=PrefeituraId(uuid4()),
                    nome="Prefeitura de Aurora das Palmeiras (demonstração)",
                    slug=DEMONSTRATION_SLUG,
                    uf="MG",
                    ibge=DEMONSTRATION_IBGE,
                    quota_tokens=1_000_000,
                )
                await work.prefeituras.save(new)
                await work.prefeituras.make_public(new.id)
                details: dict[str, Json] = {"slug": new.slug, "quota_tokens": new.quota_tokens, "publica": True}
                await self._trail.act(work, None, AuditKind.PREFEITURA_CREATED, new.id, details, subject=new.id)
            return await work.documents.count() == 0
