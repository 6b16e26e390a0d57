"""A small OpenID provider on the loopback interface: it confirms one person, checks what its clients send, and errs as
it is told."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT_ID = "balcao"
CLIENT_SECRET = "segredo-do-cliente"
REDIRECT_URI = "https://balcao.example/api/v1/auth/oidc/retorno"

Claims = dict[str, object]
Sign = Callable[[Claims], str]


def signer(key: RSAKey | ECKey) -> Sign:
    """How an honest provider signs."""
    algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
    return lambda claims: jwt.encode({"alg": algorithm, "kid": key.kid}, claims, key, algorithms=[algorithm])


class Refused(Exception):
    """An error as OAuth words it (RFC 6749, section 5.2)."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


class OidcServer:
    """Serves on a free port while the context is open.

    ``person`` is who is confirmed; ``changes`` replace claims of the ID token (None removes one), and ``metadata``
    entries of the discovery document; ``token_answer`` is given instead of a token; ``requests`` are the paths asked.
    """

    def __init__(self, key: RSAKey | ECKey) -> None:
        self.keys = [key]
        self.sign = signer(key)
        self.person: Claims = {"sub": "1", "email": "ana@exemplo.org", "email_verified": True}
        self.changes: Claims = {}
        self.metadata: Claims = {}
        self.token_answer: tuple[int, str] | None = None
        self.requests: list[str] = []
        self._logins: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def discovery_url(self) -> str:
        return f"{self.issuer}/.well-known/openid-configuration"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Go down; more than once does nothing more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def rotate(self, key: RSAKey | ECKey) -> None:
        """Sign with another key from now on."""
        self.keys, self.sign = [key], signer(key)

    def discovery(self) -> Claims:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256", "ES256"],
            **self.metadata,
        }

    def jwks(self) -> Claims:
        post_quantum = {"kty": "AKP", "alg": "ML-DSA-44", "kid": "novo", "pub": "AA"}
        return {"keys": [post_quantum, *(key.as_dict(private=False) for key in self.keys)]}

    def authorize(self, asked: dict[str, str]) -> str:
        """The person agrees: where his browser is sent."""
        wanted = {"response_type": "code", "client_id": CLIENT_ID, "code_challenge_method": "S256"}
        if asked.get("redirect_uri") != REDIRECT_URI or wanted.items() - asked.items():
            raise Refused("invalid_request")
        if "openid" not in asked["scope"].split() or not asked["nonce"]:
            raise Refused("invalid_scope")
        code = secrets.token_urlsafe(16)
        self._logins[code] = asked
        return f"{REDIRECT_URI}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, asked: dict[str, str], authorization: str) -> Claims:
        """The tokens for a code, once."""
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        in_body = (asked.get("client_id"), asked.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)
        methods = self.metadata.get("token_endpoint_auth_methods_supported")
        if not (in_body if methods else authorization == f"Basic {basic}"):
            raise Refused("invalid_client", 401)
        login = self._logins.pop(asked.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(asked.get("code_verifier", "").encode()).digest())
        if login is None or login["code_challenge"] != challenge.decode().rstrip("="):
            raise Refused("invalid_grant")
        if asked.get("redirect_uri") != login["redirect_uri"]:
            raise Refused("invalid_grant")
        return {"access_token": "acesso", "token_type": "Bearer", "id_token": self.sign(self.claims(login["nonce"]))}

    def claims(self, nonce: str) -> Claims:
        now = int(time.time())
        honest = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, "nonce": nonce, **self.person}
        return {name: value for name, value in (honest | self.changes).items() if value is not None}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                url = urlsplit(self.path)
                provider.requests.append(url.path)
                try:
                    if url.path == "/authorize":
                        location = provider.authorize(dict(_pairs(url.query)))
                        self._answer(302, "", {"Location": location})
                    else:
                        pages = {"/.well-known/openid-configuration": provider.discovery, "/jwks": provider.jwks}
                        self._answer(200, json.dumps(pages[url.path]()))
                except Refused as refused:
                    self._answer(refused.status, json.dumps({"error": refused.error}))

            def do_POST(self) -> None:
                provider.requests.append(self.path)
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if provider.token_answer:
                    status, text = provider.token_answer
                    self._answer(status, text, {"Location": f"{provider.issuer}/token"})
                    return
                try:
                    tokens = provider.token(dict(_pairs(body)), self.headers.get("Authorization", ""))
                    self._answer(200, json.dumps(tokens))
                except Refused as refused:
                    self._answer(refused.status, json.dumps({"error": refused.error}))

            def _answer(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        return Handler


def _pairs(query: str) -> list[tuple[str, str]]:
    return [(name, values[0]) for name, values in parse_qs(query).items()]
