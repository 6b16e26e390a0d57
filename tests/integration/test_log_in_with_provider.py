"""How long a login by a provider may take, and how often one may fail, with a clock to move."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from balcao.application.login_tokens import LoginTokens
from balcao.application.ports import ProvidedIdentity
from balcao.application.use_cases.log_in_with_provider import (
    PROVIDER_LOGIN_LIFE,
    RETURNS_PER_WINDOW,
    LogInWithProviderUseCase,
    ProviderReturn,
    StartProviderLoginUseCase,
)
from balcao.domain.credentials import ATTEMPT_WINDOW
from balcao.domain.errors import InvalidCredentials, TooManyAttempts
from balcao.domain.ids import PrefeituraId
from balcao.domain.usuario import Usuario
from balcao.infrastructure.database.database import Database
from tests.fakes import FakeClock, FakeIdentityProvider, FakeTokenSigner
from tests.oidc_flow import an_invited_person, query_of
from tests.oidc_server import REDIRECT_URI
from tests.people import HOME


class Logins:
    """The use cases over a provider that stands still, with a clock to move."""

    def __init__(self, database: Database) -> None:
        self.clock, signer = FakeClock(datetime.now(UTC)), FakeTokenSigner()
        person = ProvidedIdentity(issuer="mentira", subject="1", email="ana@exemplo.org", email_verified=True)
        provider = FakeIdentityProvider(person)
        self._start = StartProviderLoginUseCase(provider, signer, self.clock)
        self._finish = LogInWithProviderUseCase(database.tenant, provider, LoginTokens(signer), signer, self.clock)

    async def begin(self) -> ProviderReturn:
        begun = await self._start.execute(REDIRECT_URI)
        answer = query_of(begun.url)
        return ProviderReturn(**answer, error=None, cookie=begun.cookie, redirect_uri=REDIRECT_URI, address=HOME)

    async def finish(self, request: ProviderReturn) -> None:
        await self._finish.execute(request)


@pytest.fixture
async def ana(database: Database, public_id: PrefeituraId) -> Usuario:
    return await an_invited_person(database, public_id)


@pytest.fixture
def logins(database: Database) -> Logins:
    return Logins(database)


async def test_a_person_may_take_ten_minutes_at_the_provider(logins: Logins, ana: Usuario) -> None:
    quick, slow = await logins.begin(), await logins.begin()
    logins.clock.current += PROVIDER_LOGIN_LIFE - timedelta(seconds=1)
    await logins.finish(quick)
    logins.clock.current += timedelta(seconds=1)
    with pytest.raises(InvalidCredentials):
        await logins.finish(slow)


async def test_returns_from_one_address_are_bounded(logins: Logins, ana: Usuario) -> None:
    for _ in range(3):
        await logins.finish(await logins.begin())
    for _ in range(RETURNS_PER_WINDOW):
        with pytest.raises(InvalidCredentials):
            await logins.finish(replace(await logins.begin(), code="inventado"))
    with pytest.raises(TooManyAttempts):
        await logins.finish(await logins.begin())
    await logins.finish(replace(await logins.begin(), address="203.0.113.9"))
    logins.clock.current += ATTEMPT_WINDOW
    await logins.finish(await logins.begin())
