"""Say whether the service can answer."""

from dataclasses import dataclass

from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.errors import InstallationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """``embedding_count`` is the number of vectors in the collection; ``problem`` says why there is no answer."""

    embedding_count: int = 0
    problem: str | None = None


class CheckHealthUseCase:
    """Asks the database something that every answer depends on."""

    def __init__(self, open_work: TenantUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self) -> Health:
        """Count the vectors; a database that is not ready is a finding, not a failure of the check."""
        try:
            async with self._open_work() as work:
                return Health(embedding_count=await work.vectors.count_embeddings())
        except InstallationError as error:
            return Health(problem=error.message)
