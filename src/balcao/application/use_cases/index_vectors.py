"""Take the vectors of documents published since into the index."""

from balcao.application.vector_index import VectorIndexing


class IndexVectorsUseCase:
    """For whoever has nothing better to do: what is not indexed is found all the same, only more slowly."""

    def __init__(self, indexing: VectorIndexing) -> None:
        self._indexing = indexing

    async def execute(self) -> int:
        """Index all that wait; how many."""
        return await self._indexing.catch_up()
