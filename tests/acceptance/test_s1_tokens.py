"""S1: over HTTP, what is not exactly an access token of ours, in its time, opens nothing."""

from datetime import UTC, datetime

from tests.acceptance.environment import AcceptanceEnvironment
from tests.acceptance.installation import Actor, Installation, open_installation
from tests.forgeries import Forger, careless_signer

CODE = "S1"
TRIES = "tokens de acesso forjados, cada um em três rotas"
FULL = BOUNDED = 62
MUTANT = "qualquer algoritmo aceito, none inclusive"

_SECRET = "um segredo de trinta e dois byte"
_NOT_SENT = {"a space behind", "a line break behind"}
"""A server never sees these: HTTP takes the one away and ends the header at the other."""

_ROUTES: tuple[tuple[str, str, object], ...] = (
    ("GET", "/api/v1/auth/me", None),
    ("GET", "/api/v1/chat/sessions", None),
    ("POST", "/api/v1/documents/search", {"query": "prazo da resposta"}),
)


async def violations(attempts: int, environment: AcceptanceEnvironment) -> int:
    """Forged tokens that were not refused by every route.

    Raises:
        RuntimeError: a true one was refused, so that nothing would be shown.
    """
    async with open_installation(environment, balcao_secret_key=_SECRET) as installation:
        home, other = [await installation.prefeitura(slug) for slug in ("aurora", "bonito")]
        actor = await installation.person(home.id)
        now = datetime.now(UTC)
        claims = installation.container.identity.signer.read_access_token(_token_of(actor), now=now)
        forger = Forger(secret=_SECRET.encode(), claims=claims, now=now, other_tenant=str(other.id))
        if await _is_refused(installation, forger.token):
            raise RuntimeError("a token made as ours is refused")
        attacks = [make for name, make in forger.attacks().items() if name not in _NOT_SENT]
        if len(attacks) < attempts:
            raise RuntimeError(f"only {len(attacks)} tokens can be forged")
        return sum([not await _is_refused(installation, make()) for make in attacks[:attempts]])


async def violations_of_mutant(attempts: int, environment: AcceptanceEnvironment) -> int:
    """The same with a signer that is careless about algorithms and headers."""
    with careless_signer():
        return await violations(attempts, environment)


async def test_s1(environment: AcceptanceEnvironment) -> None:
    assert await violations(BOUNDED, environment) == 0


async def test_s1_fails_on_its_mutant(environment: AcceptanceEnvironment) -> None:
    assert await violations_of_mutant(BOUNDED, environment) > 0


def _token_of(actor: Actor) -> str:
    return actor.headers["Authorization"].removeprefix("Bearer ")


async def _is_refused(installation: Installation, token: str) -> bool:
    """Whether no route takes the token; a bad one is not even good for an anonymous request."""
    statuses = [
        (await installation.send(method, path, body=body, Authorization=f"Bearer {token}")).status_code
        for method, path, body in _ROUTES
    ]
    return statuses == [401] * len(_ROUTES)
