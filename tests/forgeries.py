"""Access tokens that an attacker may make: each must be refused."""

import base64
import hmac
import json
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from unittest.mock import patch
from uuid import uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc.jwk import RSAKey

from balcao.application.ports import AccessClaims
from balcao.infrastructure.external import token_signer
from balcao.infrastructure.external.token_signer import JoseTokenSigner

Json = dict[str, object]
HEADER: Json = {"alg": "HS256", "typ": "at+jwt"}
_PUBLIC_KEY = RSAKey.generate_key(2048).as_pem(private=False)
_ATTACKERS_KEY = b"k" * 32


def encoded(value: bytes | Json) -> str:
    """In base64url, without padding."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


_JWK: Json = {"kty": "oct", "k": encoded(_ATTACKERS_KEY)}


@dataclass
class Forger:
    """Makes tokens from one of ours, with these claims, as if knowing the installation's secret where that is said.

    ``other_tenant`` is the id of another prefeitura.
    """

    secret: bytes
    claims: AccessClaims
    now: datetime
    other_tenant: str = field(default_factory=lambda: str(uuid4()))
    signer: JoseTokenSigner = field(init=False)
    token: str = field(init=False)

    def __post_init__(self) -> None:
        self.signer = JoseTokenSigner(self.secret)
        self.token = self.signer.access_token(self.claims, now=self.now)
        key = HKDF(algorithm=hashes.SHA256(), length=32, salt=b"balcao", info=b"access-token").derive(self.secret)
        self._key = key
        self._own: Json = json.loads(base64.urlsafe_b64decode(self.token.split(".")[1] + "=="))

    def signed(self, header: Json, payload: Json, key: bytes | None = None, digest: str = "sha256") -> str:
        """Signed with our own key, or with this one."""
        text = f"{encoded(header)}.{encoded(payload)}"
        return f"{text}.{encoded(hmac.digest(self._key if key is None else key, text.encode(), digest))}"

    def payload(self, **changes: object) -> Json:
        """Our own claims, changed; None takes one away."""
        return {name: value for name, value in (self._own | changes).items() if value is not None}

    def unsigned(self, alg: str) -> str:
        """With an empty signature."""
        return f"{encoded(HEADER | {'alg': alg})}.{encoded(self.payload())}."

    def at(self, shift: timedelta) -> int:
        """An instant as claims give it."""
        return int((self.now + shift).timestamp())

    def edited(self, name: str, value: object) -> str:
        """A claim changed under the old signature."""
        head, _, signature = self.token.split(".")
        return f"{head}.{encoded(self.payload(**{name: value}))}.{signature}"

    def resigned(self, other: str) -> str:
        """With the signature of something else that we signed."""
        return f"{self.token.rsplit('.', 1)[0]}.{other.rsplit('.', 1)[1]}"

    def attacks(self) -> dict[str, Callable[[], str]]:
        """Every forgery by its name."""
        other_id, other_tenant = str(uuid4()), self.other_tenant
        return {
            "alg none": lambda: self.unsigned("none"),
            "alg None": lambda: self.unsigned("None"),
            "alg NONE": lambda: self.unsigned("NONE"),
            "alg none, kept signature": lambda: self.unsigned("none") + self.token.rsplit(".", 1)[1],
            "alg empty": lambda: self.unsigned(""),
            "no alg": lambda: self.signed({"typ": "at+jwt"}, self.payload()),
            "alg HS512, right key": lambda: self.signed(HEADER | {"alg": "HS512"}, self.payload(), digest="sha512"),
            "alg hs256": lambda: self.signed(HEADER | {"alg": "hs256"}, self.payload()),
            "alg RS256, public key as secret": lambda: self.signed(
                HEADER | {"alg": "RS256"}, self.payload(), _PUBLIC_KEY
            ),
            "HS256 with a public key": lambda: self.signed(HEADER, self.payload(), _PUBLIC_KEY),
            "another key": lambda: self.signed(HEADER, self.payload(), _ATTACKERS_KEY),
            "the secret itself": lambda: self.signed(HEADER, self.payload(), self.secret),
            "empty key": lambda: self.signed(HEADER, self.payload(), b""),
            "HS256, empty signature": lambda: self.token.rsplit(".", 1)[0] + ".",
            "signature of a cookie": lambda: self.resigned(self.signer.cookie("access-token", "x")),
            "zip, right key": lambda: self.signed(HEADER | {"zip": "DEF"}, self.payload()),
            "typ in capitals": lambda: self.signed(HEADER | {"typ": "AT+JWT"}, self.payload()),
            "cty, right key": lambda: self.signed(HEADER | {"cty": "JWT"}, self.payload()),
            "wrong aud": lambda: self.signed(HEADER, self.payload(aud="outra-api")),
            "no aud": lambda: self.signed(HEADER, self.payload(aud=None)),
            "wrong iss": lambda: self.signed(HEADER, self.payload(iss="outro")),
            "no iss": lambda: self.signed(HEADER, self.payload(iss=None)),
            "wrong typ": lambda: self.signed(HEADER | {"typ": "JWT"}, self.payload()),
            "no typ": lambda: self.signed({"alg": "HS256"}, self.payload()),
            "a cookie": lambda: self.signer.cookie("access-token", json.dumps(self.payload())),
            "expired": lambda: self.signed(HEADER, self.payload(exp=self.at(timedelta(0)))),
            "never expires": lambda: self.signed(HEADER, self.payload(exp=None)),
            "expires at text": lambda: self.signed(HEADER, self.payload(exp="9999999999")),
            "expires at NaN": lambda: self.signed(HEADER, self.payload(exp=float("nan"))),
            "future nbf": lambda: self.signed(HEADER, self.payload(nbf=self.at(timedelta(minutes=1)))),
            "no nbf": lambda: self.signed(HEADER, self.payload(nbf=None)),
            "future iat": lambda: self.signed(HEADER, self.payload(iat=self.at(timedelta(minutes=1)))),
            "no iat": lambda: self.signed(HEADER, self.payload(iat=None)),
            "kid": lambda: self.signed(HEADER | {"kid": "../../dev/null"}, self.payload(), b""),
            "kid, right key": lambda: self.signed(HEADER | {"kid": "1"}, self.payload()),
            "jku": lambda: self.signed(HEADER | {"jku": "https://example.org/jwks.json"}, self.payload()),
            "jwk": lambda: self.signed(HEADER | {"jwk": _JWK}, self.payload(), _ATTACKERS_KEY),
            "jwk, right key": lambda: self.signed(HEADER | {"jwk": _JWK}, self.payload()),
            "x5u": lambda: self.signed(HEADER | {"x5u": "https://example.org/a.pem"}, self.payload()),
            "crit": lambda: self.signed(HEADER | {"crit": ["exp"], "exp": 1}, self.payload()),
            "crit b64": lambda: self.signed(HEADER | {"crit": ["b64"], "b64": False}, self.payload()),
            "truncated signature": lambda: self.token[:-1],
            "without its signature": lambda: self.token[:-43],
            "truncated payload": lambda: self.token[:100],
            "only a header": lambda: self.token.split(".")[0],
            "four parts": lambda: self.token + ".",
            "five parts, an encrypted one": lambda: "..".join([encoded({"alg": "dir", "enc": "A256GCM"}), "a.b.c"]),
            "a space behind": lambda: self.token + " ",
            "a line break behind": lambda: self.token + "\n",
            "padded": lambda: self.token + "=",
            "another tenant": lambda: self.edited("pid", other_tenant),
            "another person": lambda: self.edited("sub", other_id),
            "another login": lambda: self.edited("sid", other_id),
            "another version": lambda: self.edited("ver", 1),
            "a longer life": lambda: self.edited("exp", self.at(timedelta(days=1))),
            "signed, no person": lambda: self.signed(HEADER, self.payload(sub=None)),
            "signed, person is text": lambda: self.signed(HEADER, self.payload(sub="ana")),
            "signed, no tenant": lambda: self.signed(HEADER, self.payload(pid=None)),
            "signed, no login": lambda: self.signed(HEADER, self.payload(sid=None)),
            "signed, no version": lambda: self.signed(HEADER, self.payload(ver=None)),
            "signed, version is true": lambda: self.signed(HEADER, self.payload(ver=True)),
            "signed, payload is a list": lambda: self.signed(HEADER, [1]),  # type: ignore[arg-type]
            "huge": lambda: self.signed(HEADER, self.payload(more="x" * 5000)),
            "of another installation": lambda: JoseTokenSigner(b"o" * 32).access_token(self.claims, now=self.now),
        }


@contextmanager
def careless_signer() -> Iterator[None]:
    """A mutant: meanwhile every algorithm that the library knows is taken, and no header is looked at."""
    mutant = patch.multiple(
        token_signer,
        _ALGORITHMS=["none", "HS256", "HS512", "RS256"],
        _TOKEN_HEADER=_AnyHeader(HEADER),
        _COMPACT=_AnyForm(),
    )
    with mutant, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _AnyForm:
    @staticmethod
    def fullmatch(_text: str) -> bool:
        return True


class _AnyHeader(Json):
    """Equal to every other."""

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = None
