"""Port of the audit trail."""

from typing import Protocol

from balcao.domain.audit import AuditEntry, AuditFilter, AuditRecord, ChainHead
from balcao.domain.ids import PrefeituraId


class AuditRepository(Protocol):
    """The audit trail: entries are appended, and never changed."""

    async def append(self, record: AuditRecord) -> None:
        """Add an entry to the record's chain, which stays locked for other writers until the unit of work ends."""
        ...

    async def head(self, chain_id: PrefeituraId) -> ChainHead | None:
        """The chain's head; None before its first entry."""
        ...

    async def heads(self) -> list[ChainHead]:
        """The heads of every chain that is visible to this unit of work."""
        ...

    async def entries_after(self, chain_id: PrefeituraId, number: int, limit: int) -> list[AuditEntry]:
        """Entries behind this number, in order."""
        ...

    async def find_page(
        self, chain_id: PrefeituraId, wanted: AuditFilter, limit: int, before: int | None
    ) -> list[AuditEntry]:
        """Entries that are wanted, newest first, those before the number ``before`` where given."""
        ...
