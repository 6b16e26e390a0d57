"""S1: what is not exactly a token of ours, in its time, is refused; and the check fails when the signer is careless."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest
from joserfc.jwt import JWTClaimsRegistry

from balcao.application.ports import AccessClaims
from balcao.domain.errors import InvalidCredentials
from balcao.domain.ids import LoginSessionId, PrefeituraId, UsuarioId
from balcao.infrastructure.external.token_signer import JoseTokenSigner
from tests.forgeries import HEADER, Forger, careless_signer

NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
CLAIMS = AccessClaims(
    prefeitura_id=PrefeituraId(UUID(int=1)),
    usuario_id=UsuarioId(UUID(int=2)),
    login_session_id=LoginSessionId(UUID(int=3)),
    version=0,
)
FORGER = Forger(secret=b"um segredo de trinta e dois byte", claims=CLAIMS, now=NOW)
SIGNER = FORGER.signer
ATTACKS = FORGER.attacks()


def accepted(names: list[str]) -> list[str]:
    """Which of these attacks get through."""
    through = []
    for name in names:
        try:
            SIGNER.read_access_token(ATTACKS[name](), now=NOW)
        except InvalidCredentials:
            continue
        through.append(name)
    return through


def test_no_forged_token_is_accepted() -> None:
    assert len(ATTACKS) >= 20
    assert accepted(list(ATTACKS)) == []


def test_a_token_made_by_hand_as_ours_is_accepted() -> None:
    """Otherwise the attacks above could fail for a mistake in the test's own signing."""
    assert SIGNER.read_access_token(FORGER.signed(HEADER, FORGER.payload()), now=NOW) == CLAIMS


def test_a_signer_that_takes_any_algorithm_is_caught() -> None:
    found = ["alg none", "alg HS512, right key", "wrong typ", "kid, right key", "jwk, right key"]
    with careless_signer():
        assert accepted(found) == found


def test_a_signer_that_checks_no_claim_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(JWTClaimsRegistry, "validate", lambda *_: None)
    found = ["wrong aud", "no iss", "expired", "never expires", "future nbf", "future iat"]
    assert accepted(found) == found


@pytest.mark.parametrize(
    "change", [lambda cookie: cookie[:-2], lambda cookie: cookie.replace(".", ".A", 1), lambda cookie: f"{cookie}.x"]
)
def test_a_changed_cookie_is_nobodys(change: Callable[[str], str]) -> None:
    assert SIGNER.read_cookie("um", change(SIGNER.cookie("um", "valor"))) is None


def test_a_body_changed_in_the_database_does_not_open() -> None:
    sealed = bytearray(SIGNER.seal(b"resposta", b"chave"))
    sealed[-3] ^= 1
    with pytest.raises(InvalidCredentials):
        SIGNER.unseal(bytes(sealed), b"chave")


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="32"):
        JoseTokenSigner(b"curto")
