"""Make the installation's first operador."""

from dataclasses import dataclass, field
from uuid import uuid4

from balcao.application.audit_trail import AuditTrail
from balcao.application.ports import PasswordHasher
from balcao.application.tenancy import prefeitura_id_of
from balcao.application.unit_of_work import TenantUnitOfWork
from balcao.domain.audit import AuditKind
from balcao.domain.credentials import new_secret
from balcao.domain.errors import DuplicateUsuario
from balcao.domain.ids import UsuarioId
from balcao.domain.usuario import Papel, Usuario

FIRST_OPERATOR_EMAIL = "operador@balcao.local"


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstOperator:
    """How the first operador gets in; the password is shown once and kept only as a hash."""

    email: str
    password: str = field(repr=False)


class CreateFirstOperatorUseCase:
    """Gives an installation without people somebody who can invite the others."""

    def __init__(self, open_work: TenantUnitOfWork, hasher: PasswordHasher, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._hasher = hasher
        self._trail = trail

    async def execute(self) -> FirstOperator | None:
        """Create him in the public prefeitura; None when the installation has a person already.

        Of processes that try at the same time one succeeds: the e-mail is fixed, and unique in the database.

        Raises:
            PrefeituraNotFound: no prefeitura is public.
        """
        async with self._open_work() as work:
            if await work.usuarios.any_exists():
                return None
        password = new_secret()
        operador = Usuario(
            id=UsuarioId(uuid4()),
            prefeitura_id=await prefeitura_id_of(self._open_work, None),
            nome="Operador",
            email=FIRST_OPERATOR_EMAIL,
            papel=Papel.OPERADOR,
            senha_hash=await self._hasher.hash(password),
        )
        try:
            async with self._open_work(operador.prefeitura_id) as work:
                await work.usuarios.save(operador)
                await self._trail.act(
                    work,
                    None,
                    AuditKind.USUARIO_CREATED,
                    operador.prefeitura_id,
                    {"papel": operador.papel},
                    subject=operador.id,
                )
        except DuplicateUsuario:
            return None
        return FirstOperator(email=operador.email, password=password)
