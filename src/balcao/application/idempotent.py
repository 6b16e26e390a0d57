"""Requests that take effect once, however often they are sent (Idempotency-Key)."""

import hashlib
from dataclasses import dataclass, field

from balcao.application.ports import Clock, TokenSigner
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.credentials import digest
from balcao.domain.errors import IdempotencyKeyReused, InvalidCredentials, RequestInProgress
from balcao.domain.idempotency import ANSWER_LIFE
from balcao.domain.ids import PrefeituraId


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyedRequest:
    """A request with a key of its client's choice.

    ``actor`` is who sent it, so that nobody meets another's answers; ``content`` is what was asked: the same bytes
    for the same request.
    """

    prefeitura_id: PrefeituraId
    actor: str
    key: str = field(repr=False)
    content: bytes = field(repr=False)

    @property
    def key_sha256(self) -> bytes:
        """Digest of the actor and his key."""
        return digest(f"{self.actor}\n{self.key}")

    @property
    def request_sha256(self) -> bytes:
        """Digest of what was asked."""
        return hashlib.sha256(self.content).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """The answer that an earlier request with the same key was given."""

    status: int
    body: bytes = field(repr=False)


class IdempotentAnswers:
    """Claims a key before its request is carried out, and keeps the answer under it for ANSWER_LIFE.

    Answers are encrypted under the client's key, which is not kept: they may hold a secret that is shown once.
    """

    def __init__(self, open_work: TenantUnitOfWork, signer: TokenSigner, clock: Clock) -> None:
        self._open_work = open_work
        self._signer = signer
        self._clock = clock

    async def begin(self, request: KeyedRequest) -> GivenAnswer | None:
        """Claim the key; None when the request is to be carried out now, and then finished or abandoned.

        Raises:
            RequestInProgress: the same request is being carried out.
            IdempotencyKeyReused: the key was used with another request, or its answer can no longer be read.
        """
        now = self._clock.now()
        async with self._open_work(request.prefeitura_id) as work:
            await work.idempotency.forget_before(now - ANSWER_LIFE)
            known = await work.idempotency.begin(request.key_sha256, request.request_sha256, now)
        if known is None:
            return None
        if known.request_sha256 != request.request_sha256:
            raise IdempotencyKeyReused
        if known.status is None or known.sealed_body is None:
            raise RequestInProgress
        try:
            body = self._signer.unseal(known.sealed_body, request.key.encode())
        except InvalidCredentials as error:  # the installation's secret is another since
            raise IdempotencyKeyReused from error
        return GivenAnswer(status=known.status, body=body)

    async def finish(self, request: KeyedRequest, answer: GivenAnswer) -> None:
        """Keep the answer for whoever sends the request again."""
        sealed = self._signer.seal(answer.body, request.key.encode())
        async with self._open_work(request.prefeitura_id) as work:
            await work.idempotency.finish(request.key_sha256, answer.status, sealed)

    async def abandon(self, request: KeyedRequest) -> None:
        """Give the key up: the request failed, and may be sent again."""
        async with self._open_work(request.prefeitura_id) as work:
            await work.idempotency.abandon(request.key_sha256)
