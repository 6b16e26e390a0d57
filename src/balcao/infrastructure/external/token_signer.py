"""Tokens and cookies signed, and bodies encrypted, with joserfc."""

import hashlib
import hmac
import re
from datetime import datetime
from uuid import UUID

from joserfc import jwe, jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from balcao.application.ports import AccessClaims
from balcao.domain.errors import InvalidCredentials
from balcao.domain.identity import ACCESS_TOKEN_LIFE
from balcao.domain.ids import LoginSessionId, PrefeituraId, UsuarioId

ISSUER = "balcao"
AUDIENCE = "balcao-api"
SHORTEST_SECRET = 32
_ALGORITHMS = ["HS256"]
_TOKEN_HEADER = {"alg": "HS256", "typ": "at+jwt"}
_COOKIE_HEADER = {"alg": "HS256", "typ": "cookie"}
_SEALING = ["dir", "A256GCM"]
_SEAL_HEADER = {"alg": "dir", "enc": "A256GCM"}
_COMPACT = re.compile(r"[A-Za-z0-9_-]{1,512}\.[A-Za-z0-9_-]{1,2048}\.[A-Za-z0-9_-]{1,128}")


class JoseTokenSigner:
    """TokenSigner with one secret, from which each use derives a key of its own.

    The header of what comes back must be exactly the one that was written: no algorithm, key id, key address or
    embedded key of the sender's choice is looked at (RFC 8725, sections 3.1 and 3.10).
    """

    def __init__(self, secret: bytes) -> None:
        """Take the installation's secret.

        Raises:
            ValueError: it has less than SHORTEST_SECRET bytes.
        """
        if len(secret) < SHORTEST_SECRET:
            raise ValueError(f"the secret needs {SHORTEST_SECRET} bytes at least")
        self._root = hmac.digest(b"balcao", secret, "sha256")
        self._token_key = self._key(b"access-token")

    def access_token(self, claims: AccessClaims, *, now: datetime) -> str:
        """A JWT in the profile of RFC 9068, signed with HMAC-SHA256."""
        issued = int(now.timestamp())
        payload: dict[str, object] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "iat": issued,
            "nbf": issued,
            "exp": issued + int(ACCESS_TOKEN_LIFE.total_seconds()),
            "sub": str(claims.usuario_id),
            "pid": str(claims.prefeitura_id),
            "sid": str(claims.login_session_id),
            "ver": claims.version,
        }
        return jwt.encode(_TOKEN_HEADER, payload, self._token_key, algorithms=_ALGORITHMS)

    def read_access_token(self, token: str, *, now: datetime) -> AccessClaims:
        """Check the form, the signature, the header, and then every claim."""
        if not _COMPACT.fullmatch(token):
            raise InvalidCredentials
        required = jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            iss={"essential": True, "value": ISSUER},
            aud={"essential": True, "value": AUDIENCE},
            exp={"essential": True},
            nbf={"essential": True},
            iat={"essential": True},
        )
        try:
            read = jwt.decode(token, self._token_key, algorithms=_ALGORITHMS)
            required.validate(read.claims)
        except (JoseError, ValueError) as error:
            raise InvalidCredentials from error
        if read.header != _TOKEN_HEADER:
            raise InvalidCredentials
        return _claims(read.claims)

    def cookie(self, purpose: str, value: str) -> str:
        """A JWS whose key belongs to the purpose."""
        key = self._key(b"cookie:" + purpose.encode())
        return jws.serialize_compact(_COOKIE_HEADER, value, key, algorithms=_ALGORITHMS)

    def read_cookie(self, purpose: str, cookie: str) -> str | None:
        """The payload of a JWS with our header and the purpose's key."""
        if not _COMPACT.fullmatch(cookie):
            return None
        try:
            read = jws.deserialize_compact(cookie, self._key(b"cookie:" + purpose.encode()), algorithms=_ALGORITHMS)
        except (JoseError, ValueError):
            return None
        if read.headers() != _COOKIE_HEADER or read.payload is None:
            return None
        return read.payload.decode()

    def seal(self, body: bytes, key: bytes) -> bytes:
        """A JWE encrypted directly with AES-256-GCM."""
        return jwe.encrypt_compact(_SEAL_HEADER, body, self._key(b"seal:" + key), algorithms=_SEALING).encode()

    def unseal(self, sealed: bytes, key: bytes) -> bytes:
        """Decrypt, which also proves that nothing was changed."""
        try:
            plain = jwe.decrypt_compact(sealed, self._key(b"seal:" + key), algorithms=_SEALING).plaintext
        except (JoseError, ValueError) as error:
            raise InvalidCredentials from error
        if plain is None:
            raise InvalidCredentials
        return plain

    def _key(self, use: bytes) -> OctKey:
        """HKDF with SHA-256 (RFC 5869): the root was extracted, and one block of 32 bytes is expanded for the use."""
        return OctKey.import_key(hmac.digest(self._root, use + b"\x01", hashlib.sha256))


def _claims(claims: dict[str, object]) -> AccessClaims:
    version = claims.get("ver")
    if not isinstance(version, int) or isinstance(version, bool):
        raise InvalidCredentials
    return AccessClaims(
        prefeitura_id=PrefeituraId(_uuid(claims.get("pid"))),
        usuario_id=UsuarioId(_uuid(claims.get("sub"))),
        login_session_id=LoginSessionId(_uuid(claims.get("sid"))),
        version=version,
    )


def _uuid(value: object) -> UUID:
    try:
        return UUID(str(value))
    except ValueError as error:
        raise InvalidCredentials from error
