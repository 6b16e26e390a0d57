"""What ``PasswordHasher`` and ``TokenSigner`` promise, of every implementation."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from balcao.application.ports import AccessClaims, PasswordHasher, TokenSigner
from balcao.domain.errors import InvalidCredentials
from balcao.domain.identity import ACCESS_TOKEN_LIFE
from balcao.domain.ids import LoginSessionId, PrefeituraId, UsuarioId
from balcao.infrastructure.external.argon2_hasher import Argon2PasswordHasher
from balcao.infrastructure.external.token_signer import JoseTokenSigner
from tests.fakes import FakePasswordHasher, FakeTokenSigner

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
CLAIMS = AccessClaims(
    prefeitura_id=PrefeituraId(UUID(int=1)),
    usuario_id=UsuarioId(UUID(int=2)),
    login_session_id=LoginSessionId(UUID(int=3)),
    version=4,
)


@pytest.fixture(params=[Argon2PasswordHasher, FakePasswordHasher])
def hasher(request: pytest.FixtureRequest) -> PasswordHasher:
    made: PasswordHasher = request.param()
    return made


@pytest.fixture(params=["jose", "fake"])
def signer(request: pytest.FixtureRequest) -> TokenSigner:
    return JoseTokenSigner(b"s" * 32) if request.param == "jose" else FakeTokenSigner()


async def test_a_password_is_recognised_and_no_other(hasher: PasswordHasher) -> None:
    kept = await hasher.hash("uma senha comprida")
    assert await hasher.verify("uma senha comprida", kept)
    assert not await hasher.verify("uma senha Comprida", kept)
    assert not hasher.is_outdated(kept)


@pytest.mark.parametrize("password", ["", "uma senha comprida"])
async def test_without_a_kept_hash_no_password_is_right(hasher: PasswordHasher, password: str) -> None:
    assert not await hasher.verify(password, None)


def test_a_token_says_what_was_signed_in_its_time_only(signer: TokenSigner) -> None:
    token = signer.access_token(CLAIMS, now=NOW)
    for now in (NOW, NOW + ACCESS_TOKEN_LIFE - timedelta(seconds=1)):
        assert signer.read_access_token(token, now=now) == CLAIMS
    for now in (NOW - timedelta(seconds=1), NOW + ACCESS_TOKEN_LIFE):
        with pytest.raises(InvalidCredentials):
            signer.read_access_token(token, now=now)


@pytest.mark.parametrize("token", ["", "a.b.c", "ficha-9", "é.é.é", "\ud800", "a" * 100_000])
def test_what_is_no_token_of_ours_is_refused(signer: TokenSigner, token: str) -> None:
    with pytest.raises(InvalidCredentials):
        signer.read_access_token(token, now=NOW)
    assert signer.read_cookie("um", token) is None


def test_a_cookie_is_good_for_its_purpose_only(signer: TokenSigner) -> None:
    cookie = signer.cookie("um", "valor")
    assert signer.read_cookie("um", cookie) == "valor"
    assert signer.read_cookie("outro", cookie) is None


def test_a_sealed_body_opens_with_its_key_only(signer: TokenSigner) -> None:
    body = b'{"segredo": "blc_abc"}'
    sealed = signer.seal(body, b"chave")
    assert b"blc_abc" not in sealed
    assert signer.unseal(sealed, b"chave") == body
    for changed, key in ((sealed, b"outra"), (sealed[:-9], b""), (b"", b"chave")):
        with pytest.raises(InvalidCredentials):
            signer.unseal(changed, key)
