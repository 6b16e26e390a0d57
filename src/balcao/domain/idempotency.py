"""Requests that may be sent twice and take effect once (Idempotency-Key, draft-ietf-httpapi-idempotency-key-header)."""

from dataclasses import dataclass
from datetime import timedelta

CLAIM_LIFE = timedelta(minutes=2)
"""How long a claimed key waits for its answer before another request may take it over: its process died."""

ANSWER_LIFE = timedelta(hours=24)
"""How long an answer is kept to be repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotentAnswer:
    """What is known of an earlier request with the same key.

    ``request_sha256`` is the digest of its method, path and body. ``status`` and ``sealed_body`` are None while it is
    still being answered; the body is encrypted, since it may hold what must not be readable in the database.
    """

    request_sha256: bytes
    status: int | None = None
    sealed_body: bytes | None = None
