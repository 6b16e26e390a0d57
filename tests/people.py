"""People for tests: the identity use cases over a real database, with a clock to move and a quick hasher."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

from balcao.application.login_tokens import TokenPair
from balcao.application.use_cases.log_in import LogInRequest, LogInResponse
from balcao.domain.errors import BalcaoError
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.domain.usuario import Papel, Usuario
from balcao.infrastructure.database.database import Database
from balcao.infrastructure.external.token_signer import JoseTokenSigner
from balcao.interface.dependencies.identity import Identity, wire_identity
from tests.fakes import FakeClock, FakePasswordHasher

PASSWORD = "uma senha comprida"
HOME = "198.51.100.7"


@dataclass
class People:
    """An installation's people. Times start now: the database writes some of its own."""

    database: Database
    clock: FakeClock = field(default_factory=lambda: FakeClock(datetime.now(UTC)))
    hasher: FakePasswordHasher = field(default_factory=FakePasswordHasher)
    use: Identity = field(init=False)

    def __post_init__(self) -> None:
        signer = JoseTokenSigner(b"s" * 32)
        self.use = wire_identity(self.database.tenant, self.hasher, signer, self.clock)

    async def a_person(
        self, prefeitura_id: PrefeituraId, nome: str = "ana", papel: Papel = Papel.SERVIDOR, password: str = PASSWORD
    ) -> Usuario:
        """A person with a password; the e-mail is made of the name."""
        person = Usuario(
            id=UsuarioId(uuid4()),
            prefeitura_id=prefeitura_id,
            nome=nome,
            email=f"{nome}@exemplo.org",
            papel=papel,
            senha_hash=await self.hasher.hash(password),
        )
        async with self.database.tenant(prefeitura_id) as work:
            return await work.usuarios.save(person)

    async def log_in(
        self, nome: str = "ana", password: str = PASSWORD, *, address: str = HOME, device: str | None = None
    ) -> LogInResponse:
        """Log in by name."""
        request = LogInRequest(email=f"{nome}@exemplo.org", password=password, address=address, device_cookie=device)
        return await self.use.log_in.execute(request)

    async def principal(self, tokens: TokenPair) -> Principal:
        """Who a request with this access token speaks for."""
        return await self.use.identify.execute(f"Bearer {tokens.access_token}")

    async def a_principal(
        self, prefeitura_id: PrefeituraId, nome: str = "ana", papel: Papel = Papel.SERVIDOR
    ) -> Principal:
        """A new person, logged in."""
        await self.a_person(prefeitura_id, nome, papel)
        return await self.principal((await self.log_in(nome)).tokens)


async def outcome(action: Awaitable[object]) -> type[BalcaoError] | None:
    """The class of the error that an action ends with."""
    try:
        await action
    except BalcaoError as error:
        return type(error)
    return None
