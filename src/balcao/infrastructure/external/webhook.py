"""A webhook: signed, by https only, and never to an address inside the network."""

import asyncio
import base64
import hashlib
import hmac
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx2

from balcao.application.ports import Clock
from balcao.domain.errors import DeliveryFailed
from balcao.infrastructure.addresses import IpAddress, is_public_address
from balcao.infrastructure.external.pinned_url import PinnedUrl, Resolver, pin, resolve

_DEADLINE_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """Where to post, and the key to sign with."""

    url: str
    key: bytes = field(repr=False)


class SignedWebhook:
    """POSTs JSON signed as Standard Webhooks 1.0 asks (https://www.standardwebhooks.com).

    The name is resolved once: every address must be public, and the connection goes to the one that was checked, with
    the certificate of the name; a name that points elsewhere a moment later changes nothing. No redirect is followed,
    no proxy of the environment is used, and nothing of the answer is read but its status.
    """

    def __init__(
        self,
        target: WebhookTarget,
        clock: Clock,
        *,
        is_allowed: Callable[[IpAddress], bool] = is_public_address,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._target = target
        self._clock = clock
        self._is_allowed = is_allowed
        self._resolve = resolver
        self._tls = tls or httpx2.create_ssl_context()

    async def post(self, message_id: str, body: bytes) -> None:
        """POST it; a receiver knows a repetition by ``webhook-id``, which is the message's id.

        Raises:
            DeliveryFailed: the address is not allowed, or the answer is not a success in time.
        """
        try:
            async with asyncio.timeout(_DEADLINE_SECONDS):
                status = await self._status_of(message_id, body)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError) as error:  # a TimeoutError is an OSError
            raise DeliveryFailed("O webhook não respondeu, ou a conexão com ele não é segura.") from error
        if not httpx2.codes.is_success(status):
            raise DeliveryFailed(f"O webhook respondeu {status}; só 2xx conta como entregue.")

    async def _status_of(self, message_id: str, body: bytes) -> int:
        pinned = await self._checked()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Balcao",
            **pinned.headers,
            **self._signature(message_id, body),
        }
        async with (
            httpx2.AsyncClient(verify=self._tls, trust_env=False, timeout=_DEADLINE_SECONDS) as http,
            http.stream("POST", pinned.url, content=body, headers=headers, extensions=pinned.extensions) as response,
        ):
            return response.status_code

    async def _checked(self) -> PinnedUrl:
        parts = urlsplit(self._target.url)
        if parts.scheme != "https" or parts.hostname is None:
            raise DeliveryFailed("O endereço do webhook precisa começar com https.")
        pinned = await pin(self._target.url, self._is_allowed, self._resolve)
        if pinned is None:
            raise DeliveryFailed("O endereço do webhook não é público; nada é enviado para dentro da rede.")
        return pinned

    def _signature(self, message_id: str, body: bytes) -> dict[str, str]:
        timestamp = str(int(self._clock.now().timestamp()))
        signed = b".".join((message_id.encode(), timestamp.encode(), body))
        digest = hmac.new(self._target.key, signed, hashlib.sha256).digest()
        return {
            "webhook-id": message_id,
            "webhook-timestamp": timestamp,
            "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
        }
