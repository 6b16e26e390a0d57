"""ID tokens that an OpenID provider may send, and who gets in with them."""

import base64
import hmac
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import RSAKey

from balcao.domain.ids import PrefeituraId
from balcao.domain.usuario import Usuario
from balcao.infrastructure.database.connection import DatabaseAccesses
from balcao.infrastructure.database.database import Database
from tests.applications import serving
from tests.oidc_flow import DENIED, an_invited_person, log_in, refusal, settings_for
from tests.oidc_server import CLIENT_ID, CLIENT_SECRET, Claims, OidcServer, signer


@pytest.fixture
async def client(accesses: DatabaseAccesses, oidc: OidcServer, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(accesses, settings_for(oidc, tmp_path)) as opened:
        yield opened


@pytest.fixture
async def ana(database: Database, public_id: PrefeituraId) -> Usuario:
    return await an_invited_person(database, public_id)


def moved(**delta: float) -> int:
    return int((datetime.now(UTC) + timedelta(**delta)).timestamp())


def lies() -> list[Claims]:
    """Claims that must be refused; made when the test runs, however long the suite took to get there."""
    return [
        {"nonce": "outro"},
        {"nonce": None},
        {"aud": "outro"},
        {"aud": "outro", "azp": CLIENT_ID},
        {"aud": None},
        {"aud": [CLIENT_ID, "outro"]},
        {"aud": [CLIENT_ID, "outro"], "azp": "outro"},
        {"azp": "outro"},
        {"iss": "https://outro.example"},
        {"iss": None},
        {"exp": moved(minutes=-2)},
        {"exp": None},
        {"exp": True},
        {"iat": moved(minutes=5)},
        {"iat": None},
        {"nbf": moved(minutes=5)},
        {"sub": None},
        {"sub": ""},
        {"sub": 1},
        {"at_hash": "de-outro-token"},
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "false"},
        {"email_verified": 1},
        {"email": None},
        {"email": ["ana@exemplo.org"]},
        {"email": "ana"},
        {"email": "ana@exemplo.org\x00"},
    ]


def fashions() -> list[Claims]:
    """Claims that providers are seen to write, and that are true."""
    return [
        {},
        {"aud": [CLIENT_ID]},
        {"aud": [CLIENT_ID, "outro"], "azp": CLIENT_ID},
        {"email_verified": "true"},
    ]


async def test_a_token_that_says_something_else(client: httpx.AsyncClient, oidc: OidcServer, ana: Usuario) -> None:
    for changes in lies():
        oidc.changes = changes
        assert refusal(await log_in(client)) == DENIED, changes
    for changes in fashions():
        oidc.changes = changes
        assert (await log_in(client)).status_code == 200, changes


def _part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _unsigned(_key: RSAKey, claims: Claims) -> str:
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def _unsigned_by_name(key: RSAKey, claims: Claims) -> str:
    return f"{_part({'alg': 'none', 'kid': key.kid})}.{_part(claims)}."


def _signed_with_the_public_key(key: RSAKey, claims: Claims) -> str:
    body = f"{_part({'alg': 'HS256', 'kid': key.kid})}.{_part(claims)}"
    mac = hmac.digest(key.as_pem(private=False), body.encode(), "sha256")
    return f"{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def _signed_with_the_clients_secret(key: RSAKey, claims: Claims) -> str:
    body = f"{_part({'alg': 'HS256', 'kid': key.kid})}.{_part(claims)}"
    mac = hmac.digest(CLIENT_SECRET.encode(), body.encode(), "sha256")
    return f"{body}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def _signed_by_another(key: RSAKey, claims: Claims) -> str:
    other = RSAKey.generate_key(2048, {"kid": str(key.kid)})
    return signer(other)(claims)


def _signed_by_a_key_in_the_header(key: RSAKey, claims: Claims) -> str:
    other = RSAKey.generate_key(2048, {"kid": str(key.kid)})
    header, body, signature = signer(other)(claims).split(".")
    del header
    embedded = _part({"alg": "RS256", "kid": key.kid, "jwk": other.as_dict(private=False)})
    return f"{embedded}.{body}.{signature}"


def _changed(key: RSAKey, claims: Claims) -> str:
    header, _, signature = signer(key)(claims).split(".")
    return f"{header}.{_part(claims | {'email': 'ana@exemplo.org '})}.{signature}"


def _none(_key: RSAKey, claims: Claims) -> str:
    return str(claims["sub"])


FORGERIES = (
    _unsigned,
    _unsigned_by_name,
    _signed_with_the_public_key,
    _signed_with_the_clients_secret,
    _signed_by_another,
    _signed_by_a_key_in_the_header,
    _changed,
    _none,
)


async def test_a_token_that_the_provider_did_not_sign(
    client: httpx.AsyncClient, oidc: OidcServer, ana: Usuario, rsa_key: RSAKey
) -> None:
    for forge in FORGERIES:
        oidc.sign = partial(forge, rsa_key)
        assert refusal(await log_in(client)) == DENIED, forge.__name__
    oidc.rotate(rsa_key)
    assert (await log_in(client)).status_code == 200
