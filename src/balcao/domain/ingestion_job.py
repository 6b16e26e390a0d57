"""The work of taking a document in: what is being done, how far it got, how often it was tried, why it ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from balcao.domain.audit import INSTALLATION, Actor
from balcao.domain.ids import DocumentId, JobId

MAX_FAILURES = 5
"""Whatever failed this often waits for a person instead of going round for ever."""
STALE_AFTER = timedelta(seconds=60)
"""Without a sign of life for this long, whoever had the job is taken for dead; a sign is given six times as often."""
_FIRST_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(minutes=30)


class JobState(StrEnum):
    """Where a job is in its life; the last three are final."""

    NA_FILA = "na_fila"
    EXECUTANDO = "executando"
    CONCLUIDO = "concluido"
    FALHOU = "falhou"
    CANCELADO = "cancelado"


class JobStep(StrEnum):
    """What is being done to the document, in this order."""

    LER = "ler"
    DIVIDIR = "dividir"
    VETORES = "vetores"
    PUBLICAR = "publicar"


_REACHED = {JobStep.LER: (0, 20), JobStep.DIVIDIR: (20, 5), JobStep.VETORES: (25, 70), JobStep.PUBLICAR: (95, 5)}
"""Percent done when a step begins, and how much of the whole it is: embedding takes most of the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestionJob:
    """One job of one document.

    ``confirmed``: a person said that a similar title is another document. ``keeps_title`` and ``keeps_ente``: they
    were given, and are not to be recognised. ``done`` of ``total`` counts the step's chunks. ``attempts`` counts the
    starts; ``failures`` those that an error or a kill ended, not those that were given back. ``tokens`` is what the
    provider charged so far. ``related`` is the document that this one repeats or resembles. ``owner`` is the process
    at work, ``not_before`` when to try again. ``requested_by`` is who brought the document in, confirmed or retried it.
    """

    id: JobId
    document_id: DocumentId
    state: JobState = JobState.NA_FILA
    step: JobStep = JobStep.LER
    done: int = 0
    total: int = 0
    attempts: int = 0
    failures: int = 0
    tokens: int = 0
    confirmed: bool = False
    keeps_title: bool = False
    keeps_ente: bool = False
    requested_by: Actor = INSTALLATION
    error_code: str | None = None
    reason: str | None = None
    related: DocumentId | None = None
    owner: str | None = None
    not_before: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing more is going to happen by itself."""
        return self.state not in (JobState.NA_FILA, JobState.EXECUTANDO)

    @property
    def percent(self) -> int:
        """How much is done, 0 to 100; 100 only when it is over."""
        if self.state is JobState.CONCLUIDO:
            return 100
        begins, share = _REACHED[self.step]
        return begins + (share * self.done // self.total if self.total else 0)

    def may_try_again(self) -> bool:
        """Whether another attempt is allowed after this one fails for a reason that may pass."""
        return self.failures + 1 < MAX_FAILURES

    def pause(self, asked_for: timedelta | None = None) -> timedelta:
        """How long to wait before the next attempt: four times longer each time, and never less than asked for."""
        own = min(_FIRST_PAUSE * float(4**self.failures), _LONGEST_PAUSE)
        return max(own, asked_for or own)
