"""New vectors enter the index behind the publication of their documents, so that nobody waits for it."""

from balcao.application.unit_of_work import InstallationUnitOfWork

TOLERATED = 1_000
"""New vectors that searches may have to compare one by one: some 1.2 ms. Whoever publishes more indexes the rest."""
_BATCH = 100
"""Vectors of one transaction: half a second's work, which a process that ends leaves to the next."""


class VectorIndexing:
    """Takes vectors into the index; several processes may do it at once."""

    def __init__(self, open_work: InstallationUnitOfWork) -> None:
        self._open_work = open_work

    async def catch_up(self, *, tolerated: int = 0) -> int:
        """Index until no more than ``tolerated`` vectors wait, or others have taken the rest; how many were indexed."""
        indexed = 0
        while True:
            async with self._open_work() as work:
                if await work.vectors.count_unindexed(limit=tolerated + 1) <= tolerated:
                    return indexed
                taken = await work.vectors.index_some(_BATCH)
            if not taken:
                return indexed
            indexed += taken
