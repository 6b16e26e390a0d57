"""Say who is logged in."""

from dataclasses import dataclass

from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.errors import AuthenticationRequired
from balcao.domain.identity import Principal
from balcao.domain.prefeitura import Prefeitura
from balcao.domain.usuario import Usuario


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A person and his prefeitura."""

    usuario: Usuario
    prefeitura: Prefeitura


class ReadProfileUseCase:
    """Reads the person that a request speaks for."""

    def __init__(self, open_work: TenantUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, principal: Principal) -> Profile:
        """The profile.

        Raises:
            AuthenticationRequired: nobody is logged in.
            PermissionDenied: an API key is asking; it is nobody.
        """
        usuario_id = principal.require_person()
        async with self._open_work(principal.prefeitura_id) as work:
            usuario = await work.usuarios.find_by_id(usuario_id)
            prefeitura = await work.prefeituras.find_by_id(principal.prefeitura_id)
        if usuario is None or prefeitura is None:
            raise AuthenticationRequired
        return Profile(usuario=usuario, prefeitura=prefeitura)
