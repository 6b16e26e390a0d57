"""Reads the ID token of an OpenID provider (OpenID Connect Core 1.0, section 3.1.3.7) with joserfc and Authlib."""

from dataclasses import dataclass, field
from datetime import datetime

from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey
from joserfc.jws import JWSRegistry

from balcao.application.ports import ProvidedIdentity

_ALGORITHMS = ("RS256", "ES256")
_CLOCK_SKEW_SECONDS = 60


class UntrustedToken(Exception):
    """The token proves nothing."""


class UnknownKey(UntrustedToken):
    """The token names a key that is not among the known ones: the provider may have a new one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedToken:
    """What an ID token must say, and at what time; ``access_token`` is the one that came with it."""

    issuer: str
    client_id: str
    nonce: str = field(repr=False)
    access_token: str | None = field(repr=False)
    now: datetime


def read_keys(key_set: dict[str, object]) -> KeySet:
    """The provider's public keys; those of kinds that sign nothing for us are left out (RFC 7517, section 5).

    Raises:
        JoseError, ValueError: there is none, or one is no key.
    """
    listed = key_set.get("keys")
    found: list[RSAKey | ECKey] = []
    for key in listed if isinstance(listed, list) else ():
        kind = key.get("kty") if isinstance(key, dict) else None
        if kind == "RSA":
            found.append(RSAKey.import_key(key))
        elif kind == "EC":
            found.append(ECKey.import_key(key))
    if not found:
        raise ValueError("no keys")
    return KeySet([*found])


def read_id_token(token: str, keys: KeySet, expected: ExpectedToken) -> ProvidedIdentity:
    """Check the signature, and every claim that says by whom, for whom and for how long the token was made.

    Only asymmetric algorithms that are chosen here pass, whatever the token's header or the provider's metadata name:
    neither ``none`` nor a shared secret made of a public key (RFC 8725, sections 2.1 and 3.1).

    Raises:
        UnknownKey: it may be readable with the provider's newest keys.
        UntrustedToken: it proves nothing.
    """
    options = {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
        "sub": {"essential": True},
    }
    params = {"nonce": expected.nonce, "client_id": expected.client_id, "access_token": expected.access_token}
    try:
        read = jwt.decode(token, keys, registry=JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False))
        claims = CodeIDToken(read.claims, read.header, options, params)
        claims.validate(now=int(expected.now.timestamp()), leeway=_CLOCK_SKEW_SECONDS)
    except InvalidKeyIdError as error:
        raise UnknownKey from error
    except (JoseError, ValueError) as error:
        raise UntrustedToken from error
    return _identity(read.claims, expected.issuer)


def _identity(claims: dict[str, object], issuer: str) -> ProvidedIdentity:
    email, verified = claims.get("email"), claims.get("email_verified")
    return ProvidedIdentity(
        issuer=issuer,
        subject=str(claims["sub"]),
        email=email if isinstance(email, str) else None,
        email_verified=verified is True or verified == "true",  # gov.br documents text, the standard a boolean
    )
