"""What ``IdentityProvider`` promises, of every implementation."""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from balcao.application.ports import IdentityProvider, ProvidedIdentity
from balcao.domain.errors import InvalidCredentials
from balcao.infrastructure.external.oidc_provider import OidcClient, OidcIdentityProvider
from balcao.infrastructure.external.system_clock import SystemClock
from tests.fakes import FakeIdentityProvider
from tests.oidc_server import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI, OidcServer

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A provider, and how a person's browser comes back from it."""

    provider: IdentityProvider
    issuer: str
    visit: Callable[[str], Awaitable[str]]

    async def code(self) -> str:
        """The code of a new login, whose state came back unchanged."""
        url = await self.provider.authorization(
            state="estado", nonce="unico", code_challenge=CHALLENGE, redirect_uri=REDIRECT_URI
        )
        answer = parse_qs(urlsplit(await self.visit(url)).query)
        assert answer["state"] == ["estado"]
        return answer["code"][0]


async def _visit(url: str) -> str:
    async with httpx.AsyncClient() as browser:
        return (await browser.get(url)).headers["location"]


async def _stay(url: str) -> str:
    return url


@pytest.fixture(params=["oidc", "fake"])
def subject(request: pytest.FixtureRequest, oidc: OidcServer) -> Subject:
    if request.param == "fake":
        person = ProvidedIdentity(issuer="mentira", subject="1", email="ana@exemplo.org", email_verified=True)
        return Subject(provider=FakeIdentityProvider(person), issuer="mentira", visit=_stay)
    client = OidcClient(
        discovery_url=oidc.discovery_url, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, name="provedor"
    )
    return Subject(provider=OidcIdentityProvider(client, SystemClock()), issuer=oidc.issuer, visit=_visit)


async def test_a_person_is_identified(subject: Subject) -> None:
    code = await subject.code()
    found = await subject.provider.identity(code, code_verifier=VERIFIER, nonce="unico", redirect_uri=REDIRECT_URI)
    assert found == ProvidedIdentity(issuer=subject.issuer, subject="1", email="ana@exemplo.org", email_verified=True)
    assert subject.provider.name


async def test_a_code_works_once(subject: Subject) -> None:
    code = await subject.code()
    await subject.provider.identity(code, code_verifier=VERIFIER, nonce="unico", redirect_uri=REDIRECT_URI)
    with pytest.raises(InvalidCredentials):
        await subject.provider.identity(code, code_verifier=VERIFIER, nonce="unico", redirect_uri=REDIRECT_URI)


@pytest.mark.parametrize(
    ("code_verifier", "nonce", "redirect_uri"),
    [
        ("w" * 43, "unico", REDIRECT_URI),
        (VERIFIER, "outro", REDIRECT_URI),
        (VERIFIER, "unico", f"{REDIRECT_URI}/outro"),
    ],
    ids=["verifier", "nonce", "redirect_uri"],
)
async def test_a_code_works_in_its_own_login_only(
    subject: Subject, code_verifier: str, nonce: str, redirect_uri: str
) -> None:
    code = await subject.code()
    with pytest.raises(InvalidCredentials):
        await subject.provider.identity(code, code_verifier=code_verifier, nonce=nonce, redirect_uri=redirect_uri)
