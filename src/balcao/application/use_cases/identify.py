"""Find out who a request speaks for."""

import re

from balcao.application.ports import AccessClaims, Clock, TokenSigner
from balcao.application.tenancy import prefeitura_id_of
from balcao.application.unit_of_work import TenantUnitOfWork, UnitOfWork
from balcao.domain.credentials import API_KEY_MARK, digest
from balcao.domain.errors import InvalidCredentials
from balcao.domain.identity import Principal
from balcao.domain.usuario import Usuario

_LONGEST_CREDENTIAL = 4096
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]+)", re.IGNORECASE)


class IdentifyUseCase:
    """Reads the Authorization header (RFC 6750), at every request: what was revoked stops with the next one."""

    def __init__(self, open_work: TenantUnitOfWork, signer: TokenSigner, clock: Clock) -> None:
        self._open_work = open_work
        self._signer = signer
        self._clock = clock

    async def execute(self, authorization: str | None) -> Principal:
        """The principal; without a header the anonymous one of the installation's public prefeitura.

        Raises:
            InvalidCredentials: the header holds neither a working access token nor a working API key.
            PrefeituraNotFound: nobody logged in, and no prefeitura is public.
        """
        if authorization is None:
            return Principal(prefeitura_id=await prefeitura_id_of(self._open_work, None))
        found = _BEARER.fullmatch(authorization) if len(authorization) <= _LONGEST_CREDENTIAL else None
        if found is None:
            raise InvalidCredentials
        credential = found[1]
        if credential.startswith(API_KEY_MARK):
            return await self._program(credential)
        return await self._person(self._signer.read_access_token(credential, now=self._clock.now()))

    async def _program(self, secret: str) -> Principal:
        async with self._open_work() as work:
            owner = await work.api_keys.owner_of_secret(digest(secret))
        if owner is None:
            raise InvalidCredentials
        prefeitura_id, key_id, papel = owner
        async with self._open_work(prefeitura_id) as work:
            await work.api_keys.touch(key_id, self._clock.now())
        return Principal(prefeitura_id=prefeitura_id, papel=papel, api_key_id=key_id)

    async def _person(self, claims: AccessClaims) -> Principal:
        async with self._open_work(claims.prefeitura_id) as work:
            usuario = await self._alive(work, claims)
        if usuario is None:
            raise InvalidCredentials
        return Principal(
            prefeitura_id=usuario.prefeitura_id,
            papel=usuario.papel,
            usuario_id=usuario.id,
            login_session_id=claims.login_session_id,
        )

    async def _alive(self, work: UnitOfWork, claims: AccessClaims) -> Usuario | None:
        """The person, if nothing that the token rests on has ended; the role is today's, not the token's."""
        prefeitura = await work.prefeituras.find_by_id(claims.prefeitura_id)
        usuario = await work.usuarios.find_by_id(claims.usuario_id)
        login = await work.login_sessions.find(claims.login_session_id)
        if prefeitura is None or usuario is None or login is None:
            return None
        alive = prefeitura.ativo and usuario.ativo and login.is_live(self._clock.now())
        same = login.usuario_id == usuario.id and usuario.versao_token == claims.version
        return usuario if alive and same else None
