"""A provider of OpenID Connect, found by its discovery document, with Authlib's OAuth client."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client, OAuthError
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from balcao.application.ports import Clock, ProvidedIdentity
from balcao.domain.errors import InvalidCredentials, ProviderRefused, ProviderUnavailable
from balcao.infrastructure.addresses import OPENID_CONFIGURATION, is_secure_url
from balcao.infrastructure.external.id_token import ExpectedToken, UnknownKey, UntrustedToken, read_id_token, read_keys

CACHE_LIFE = timedelta(hours=1)
_SCOPE = "openid email"  # no more than what is used
_DEADLINE_SECONDS = 10.0
_BASIC, _POST = "client_secret_basic", "client_secret_post"


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcClient:
    """This installation as the provider knows it. ``name`` is what people call the provider."""

    discovery_url: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Provider:
    """What the provider says of itself, until ``expires_at``."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    token_endpoint_auth_method: str
    keys: KeySet
    expires_at: datetime


class OidcIdentityProvider:
    """IdentityProvider over the provider's discovery document and keys, which are kept for CACHE_LIFE.

    Nothing is sent over a connection that is not secret, and no redirect is followed.
    """

    def __init__(self, client: OidcClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._tls = httpx2.create_ssl_context()  # reading the machine's certificates takes a tenth of a second
        self._known: _Provider | None = None

    @property
    def name(self) -> str:
        """The configured one."""
        return self._client.name

    async def authorization(self, *, state: str, nonce: str, code_challenge: str, redirect_uri: str) -> str:
        """The authorization endpoint with the request in its query (OpenID Connect Core 1.0, section 3.1.2.1)."""
        provider = await self._provider()
        async with self._oauth(provider, redirect_uri) as oauth:
            url, _ = oauth.create_authorization_url(
                provider.authorization_endpoint,
                state=state,
                nonce=nonce,
                code_challenge=code_challenge,
                code_challenge_method="S256",
            )
        return str(url)

    async def identity(self, code: str, *, code_verifier: str, nonce: str, redirect_uri: str) -> ProvidedIdentity:
        """Exchange the code at the token endpoint, and read the ID token with the provider's keys."""
        provider = await self._provider()
        id_token, access_token = await self._exchange(provider, code, code_verifier, redirect_uri)
        expected = ExpectedToken(
            issuer=provider.issuer,
            client_id=self._client.client_id,
            nonce=nonce,
            access_token=access_token,
            now=self._clock.now(),
        )
        try:
            return await self._read(id_token, provider, expected)
        except UntrustedToken as error:
            raise self._not_confirmed() from error

    async def _read(self, id_token: str, provider: _Provider, expected: ExpectedToken) -> ProvidedIdentity:
        try:
            return read_id_token(id_token, provider.keys, expected)
        except UnknownKey:
            self._known = None
            return read_id_token(id_token, (await self._provider()).keys, expected)

    async def _provider(self) -> _Provider:
        known = self._known
        if known is None or known.expires_at <= self._clock.now():
            known = self._known = await self._discover()
        return known

    async def _discover(self) -> _Provider:
        """Read the discovery document (OpenID Connect Discovery 1.0, section 4) and the keys it leads to."""
        with self._failures():
            async with (
                asyncio.timeout(_DEADLINE_SECONDS),
                httpx2.AsyncClient(verify=self._tls, timeout=_DEADLINE_SECONDS) as http,
            ):
                metadata = await _read_json(http, self._client.discovery_url)
                issuer = str(metadata.get("issuer"))
                if issuer.rstrip("/") + OPENID_CONFIGURATION != self._client.discovery_url:
                    raise ValueError("the document speaks of another issuer")
                methods = metadata.get("token_endpoint_auth_methods_supported")
                return _Provider(
                    issuer=issuer,
                    authorization_endpoint=_endpoint(metadata, "authorization_endpoint"),
                    token_endpoint=_endpoint(metadata, "token_endpoint"),
                    token_endpoint_auth_method=_auth_method(methods),
                    keys=read_keys(await _read_json(http, _endpoint(metadata, "jwks_uri"))),
                    expires_at=self._clock.now() + CACHE_LIFE,
                )

    async def _exchange(
        self, provider: _Provider, code: str, code_verifier: str, redirect_uri: str
    ) -> tuple[str, str | None]:
        """The ID token for a code, and the access token that came with it."""
        with self._failures():
            async with asyncio.timeout(_DEADLINE_SECONDS), self._oauth(provider, redirect_uri) as oauth:
                token: dict[str, object] = await oauth.fetch_token(
                    provider.token_endpoint, grant_type="authorization_code", code=code, code_verifier=code_verifier
                )
        id_token, access_token = token.get("id_token"), token.get("access_token")
        if not isinstance(id_token, str):
            raise self._not_confirmed()
        return id_token, access_token if isinstance(access_token, str) else None

    def _oauth(self, provider: _Provider, redirect_uri: str) -> AsyncOAuth2Client:
        """A client for one login: it remembers the tokens that it received."""
        return AsyncOAuth2Client(
            client_id=self._client.client_id,
            client_secret=self._client.client_secret,
            token_endpoint_auth_method=provider.token_endpoint_auth_method,
            scope=_SCOPE,
            redirect_uri=redirect_uri,
            verify=self._tls,
            timeout=_DEADLINE_SECONDS,
        )

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn what may fail at the provider into the domain's errors."""
        try:
            yield
        except OAuthError as error:
            if error.error == "invalid_grant":  # the code: used, expired, or of another login (RFC 6749, section 5.2)
                raise self._not_confirmed() from error
            raise ProviderRefused(
                f"A entrada por {self.name} não está bem configurada; use e-mail e senha, e avise quem cuida da "
                "instalação: OIDC_CLIENT_ID ou OIDC_CLIENT_SECRET foi recusado."
            ) from error
        except (httpx2.HTTPError, httpx2.InvalidURL, JoseError, TimeoutError, ValueError) as error:
            raise ProviderUnavailable(
                f"A entrada por {self.name} não está funcionando agora; tente em instantes ou use e-mail e senha."
            ) from error

    def _not_confirmed(self) -> InvalidCredentials:
        return InvalidCredentials(f"A entrada por {self.name} não foi confirmada; comece de novo.")


async def _read_json(http: httpx2.AsyncClient, url: str) -> dict[str, object]:
    """The JSON object found there; an empty one where the JSON is something else."""
    response = await http.get(url)
    response.raise_for_status()
    body: object = response.json()
    return body if isinstance(body, dict) else {}


def _endpoint(metadata: dict[str, object], name: str) -> str:
    url = metadata.get(name)
    if not isinstance(url, str) or not is_secure_url(url):
        raise ValueError(f"{name} is missing or not secure")
    return url


def _auth_method(supported: object) -> str:
    """How to show the client's secret; the standard's default is the basic scheme."""
    return _POST if isinstance(supported, list) and _POST in supported and _BASIC not in supported else _BASIC
