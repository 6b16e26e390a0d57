"""Create, list and revoke a prefeitura's API keys: a gestor in his own, an operador in any."""

from dataclasses import dataclass, field
from uuid import uuid4

from balcao.application.audit_trail import AuditTrail
from balcao.application.ports import Clock
from balcao.application.tenancy import managed_prefeitura_id
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.audit import AuditKind
from balcao.domain.credentials import API_KEY_MARK, API_KEY_PREFIX, digest, new_secret
from balcao.domain.errors import ApiKeyNotFound
from balcao.domain.identity import ApiKey, Principal
from balcao.domain.ids import ApiKeyId
from balcao.domain.usuario import Papel, check_nome


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateApiKeyRequest:
    """A new key; ``prefeitura_slug`` None means the asker's prefeitura."""

    principal: Principal
    nome: str
    papel: Papel = Papel.SERVIDOR
    prefeitura_slug: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedApiKey:
    """The key, and the secret that a program presents: it is shown once and not kept."""

    key: ApiKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListApiKeysRequest:
    """A page of ``limit`` keys, those behind ``after``."""

    principal: Principal
    prefeitura_slug: str | None = None
    limit: int = 100
    after: ApiKeyId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKeyRequest:
    """The key to stop; ``prefeitura_slug`` None means the asker's prefeitura."""

    principal: Principal
    key_id: ApiKeyId
    prefeitura_slug: str | None = None


class CreateApiKeyUseCase:
    """Makes a key for a program of the prefeitura."""

    def __init__(self, open_work: TenantUnitOfWork, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._trail = trail

    async def execute(self, request: CreateApiKeyRequest) -> CreatedApiKey:
        """Make it.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker may not give this role.
            InvalidInput: the name is not usable.
            PrefeituraNotFound: there is none with this slug that the asker may manage.
        """
        request.principal.require_grant(request.papel)
        nome = check_nome(request.nome)
        prefeitura_id = await managed_prefeitura_id(self._open_work, request.principal, request.prefeitura_slug)
        secret = new_secret(API_KEY_MARK)
        key = ApiKey(
            id=ApiKeyId(uuid4()),
            prefeitura_id=prefeitura_id,
            nome=nome,
            papel=request.papel,
            prefix=secret[:API_KEY_PREFIX],
            secret_sha256=digest(secret),
        )
        async with self._open_work(prefeitura_id) as work:
            saved = await work.api_keys.save(key)
            details = {"papel": key.papel, "prefixo": key.prefix}
            await self._trail.act(
                work, request.principal, AuditKind.KEY_CREATED, prefeitura_id, details, subject=key.id
            )
        return CreatedApiKey(key=saved, secret=secret)


class ListApiKeysUseCase:
    """Reads the keys of a prefeitura."""

    def __init__(self, open_work: TenantUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, request: ListApiKeysRequest) -> list[ApiKey]:
        """A page by name, revoked keys included; the next one comes ``after`` its last key.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker manages no keys.
            PrefeituraNotFound: there is none with this slug that the asker may manage.
        """
        prefeitura_id = await managed_prefeitura_id(self._open_work, request.principal, request.prefeitura_slug)
        async with self._open_work(prefeitura_id) as work:
            return await work.api_keys.find_page(request.limit, request.after)


class RevokeApiKeyUseCase:
    """Stops a key at once."""

    def __init__(self, open_work: TenantUnitOfWork, clock: Clock, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._clock = clock
        self._trail = trail

    async def execute(self, request: RevokeApiKeyRequest) -> None:
        """Revoke it.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker manages no keys.
            ApiKeyNotFound: no such key works in this prefeitura.
        """
        prefeitura_id = await managed_prefeitura_id(self._open_work, request.principal, request.prefeitura_slug)
        async with self._open_work(prefeitura_id) as work:
            if not await work.api_keys.revoke(request.key_id, self._clock.now()):
                raise ApiKeyNotFound
            await self._trail.act(work, request.principal, AuditKind.KEY_REVOKED, prefeitura_id, subject=request.key_id)
