"""Log in by an identity provider, which vouches for the person's e-mail."""

import base64
import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from balcao.application.login_tokens import LoginTokens, TokenPair
from balcao.application.ports import Clock, IdentityProvider, ProvidedIdentity, TokenSigner
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.credentials import (
    address_subject,
    attempt_window,
    digest,
    new_secret,
    normal_email,
    seconds_to_next_window,
)
from balcao.domain.errors import InvalidCredentials, InvalidInput, TooManyAttempts

PROVIDER_LOGIN_LIFE = timedelta(minutes=10)
"""How long a person may take at the provider."""
RETURNS_PER_WINDOW = 100
"""Failed returns from the provider for an address in one ATTEMPT_WINDOW: there is nothing to guess, but each one costs
a request to the provider."""
_PURPOSE = "provedor"
_BY_STATE = "provedor-estado"
_BY_ADDRESS = "provedor-endereco"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLogin:
    """A login begun: where to send the browser, and the cookie that it must bring back."""

    url: str = field(repr=False)
    cookie: str = field(repr=False)
    expires_in_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderReturn:
    """How a browser came back: ``error`` stands where ``code`` does when the provider did not confirm the person.

    ``address`` is the client's network address; ``redirect_uri`` is the one that the login began with.
    """

    code: str | None = field(repr=False)
    state: str | None = field(repr=False)
    error: str | None
    cookie: str | None = field(repr=False)
    redirect_uri: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """What the cookie remembers of a login that was begun."""

    expires_at: datetime
    state: str
    nonce: str
    code_verifier: str


class StartProviderLoginUseCase:
    """Begins a login; nothing is kept of it but the browser's own signed cookie."""

    def __init__(self, provider: IdentityProvider, signer: TokenSigner, clock: Clock) -> None:
        self._provider = provider
        self._signer = signer
        self._clock = clock

    async def execute(self, redirect_uri: str) -> ProviderLogin:
        """Where to send the browser, so that it returns to ``redirect_uri``.

        Raises:
            ProviderUnavailable: the provider does not answer.
        """
        state, nonce, code_verifier = new_secret(), new_secret(), new_secret()
        url = await self._provider.authorization(
            state=state, nonce=nonce, code_challenge=_challenge(code_verifier), redirect_uri=redirect_uri
        )
        expires = int((self._clock.now() + PROVIDER_LOGIN_LIFE).timestamp())
        cookie = self._signer.cookie(_PURPOSE, f"{expires}.{state}.{nonce}.{code_verifier}")
        return ProviderLogin(url=url, cookie=cookie, expires_in_seconds=int(PROVIDER_LOGIN_LIFE.total_seconds()))


class LogInWithProviderUseCase:
    """Lets in an existing person whose e-mail the provider confirms; nobody is created by a stranger's token."""

    def __init__(
        self,
        open_work: TenantUnitOfWork,
        provider: IdentityProvider,
        tokens: LoginTokens,
        signer: TokenSigner,
        clock: Clock,
    ) -> None:
        self._open_work = open_work
        self._provider = provider
        self._tokens = tokens
        self._signer = signer
        self._clock = clock

    async def execute(self, request: ProviderReturn) -> TokenPair:
        """Check that this browser began the login, ask the provider who is there, and open a login.

        Raises:
            InvalidCredentials: the browser began no such login or it is over, the provider confirms nobody, or the
                person is nobody here, not active, or of a prefeitura that is not.
            TooManyAttempts: too many failed from this address.
            ProviderUnavailable, ProviderRefused: the provider does not answer, or does not know this installation.
        """
        begun, window = self._read(request), attempt_window(self._clock.now())
        await self._spend(begun, request.address, window)
        if request.error is not None or not request.code:
            raise InvalidCredentials(f"{self._entry} não foi autorizada; comece de novo e autorize o acesso.")
        identity = await self._provider.identity(
            request.code,
            code_verifier=begun.code_verifier,
            nonce=begun.nonce,
            redirect_uri=request.redirect_uri,
        )
        tokens = await self._enter(self._confirmed_email(identity))
        async with self._open_work() as work:
            await work.counters.give_back(_BY_ADDRESS, address_subject(request.address), window)
        return tokens

    @property
    def _entry(self) -> str:
        return f"A entrada por {self._provider.name}"

    def _read(self, request: ProviderReturn) -> _Begun:
        """What this browser began, if the state it brings is that login's (RFC 9700, section 4.7.1)."""
        value = self._signer.read_cookie(_PURPOSE, request.cookie) if request.cookie else None
        parts = (value or "").split(".")
        if len(parts) == 4:
            expires, state, nonce, code_verifier = parts
            expires_at = datetime.fromtimestamp(int(expires), UTC)
            is_same = hmac.compare_digest(state.encode(), (request.state or "").encode("utf-8", "replace"))
            if is_same and self._clock.now() < expires_at:
                return _Begun(expires_at=expires_at, state=state, nonce=nonce, code_verifier=code_verifier)
        raise InvalidCredentials(f"{self._entry} não começou neste navegador ou demorou demais; comece de novo.")

    async def _spend(self, begun: _Begun, address: str, window: datetime) -> None:
        """Let a login that was begun return once only, and count the return."""
        async with self._open_work() as work:
            is_first = await work.counters.take(_BY_STATE, digest(begun.state), begun.expires_at, limit=1)
            allowed = await work.counters.take(_BY_ADDRESS, address_subject(address), window, limit=RETURNS_PER_WINDOW)
        if not is_first:
            raise InvalidCredentials(f"{self._entry} já foi usada; comece de novo.")
        if not allowed:
            raise TooManyAttempts(retry_after_seconds=seconds_to_next_window(self._clock.now()))

    def _confirmed_email(self, identity: ProvidedIdentity) -> str:
        if identity.email is None or not identity.email_verified:
            raise InvalidCredentials(f"{self._entry} não traz um e-mail confirmado; confirme-o lá e comece de novo.")
        try:
            return normal_email(identity.email)
        except InvalidInput as error:
            raise self._stranger() from error

    async def _enter(self, email: str) -> TokenPair:
        async with self._open_work() as work:
            owner = await work.usuarios.owner_of_email(email)
        if owner is None:
            raise self._stranger()
        prefeitura_id, usuario_id = owner
        async with self._open_work(prefeitura_id) as work:
            usuario = await work.usuarios.lock(usuario_id)
            if usuario is None or not usuario.ativo:
                raise self._stranger()  # disabled since it was found
            return await self._tokens.open_login(work, usuario, self._clock.now())

    def _stranger(self) -> InvalidCredentials:
        return InvalidCredentials(
            f"Nenhuma conta ativa tem o e-mail que {self._provider.name} confirmou; "
            "peça um convite a quem administra a sua prefeitura."
        )


def _challenge(code_verifier: str) -> str:
    """PKCE's S256 (RFC 7636, section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(code_verifier.encode()).digest()).decode().rstrip("=")
