"""Create, change, list and read prefeituras: the operador's work; everybody else reads his own."""

from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import uuid4

from balcao.application.audit_trail import AuditTrail
from balcao.application.tenancy import find_prefeitura
from balcao.application.unit_of_work import InstallationUnitOfWork, TenantUnitOfWork, UnitOfWork
from balcao.domain.audit import AuditKind
from balcao.domain.canonical_json import Json
from balcao.domain.errors import InvalidInput, PermissionDenied
from balcao.domain.identity import Principal
from balcao.domain.ids import PrefeituraId
from balcao.domain.prefeitura import DEFAULT_TOKEN_QUOTA, Prefeitura, check_prefeitura
from balcao.domain.usuario import Papel

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePrefeituraRequest:
    """A new prefeitura; ``publica`` makes it the one that holds anonymous conversations."""

    principal: Principal
    nome: str
    slug: str
    uf: str | None = None
    ibge: str | None = None
    publica: bool = False
    quota_tokens: int = DEFAULT_TOKEN_QUOTA
    dia_contrato: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPrefeituraRequest:
    """Changes to a prefeitura, known by its id or by its slug; None leaves a value as it is.

    ``ativo`` False suspends it: its people and keys are shut out with their next request.
    """

    principal: Principal
    prefeitura: PrefeituraId | str
    nome: str | None = None
    uf: str | None = None
    ibge: str | None = None
    quota_tokens: int | None = None
    dia_contrato: int | None = None
    publica: bool | None = None
    ativo: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPrefeiturasRequest:
    """A page of ``limit`` prefeituras, those behind ``after``."""

    principal: Principal
    limit: int = 100
    after: PrefeituraId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPrefeituraRequest:
    """One prefeitura."""

    principal: Principal
    prefeitura_id: PrefeituraId


class CreatePrefeituraUseCase:
    """Adds a tenant."""

    def __init__(self, open_work: InstallationUnitOfWork, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._trail = trail

    async def execute(self, request: CreatePrefeituraRequest) -> Prefeitura:
        """Create it.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is no operador.
            InvalidInput, InvalidText: the slug, the name, the quota or the contract day is not usable.
            InvalidEnte: the state or the IBGE code is not possible.
            DuplicatePrefeitura: another one has its slug or IBGE code.
        """
        request.principal.require(Papel.OPERADOR)
        new = Prefeitura(
            id=PrefeituraId(uuid4()),
            nome=request.nome,
            slug=request.slug,
            uf=request.uf,
            ibge=request.ibge,
            quota_tokens=request.quota_tokens,
            dia_contrato=request.dia_contrato,
        )
        async with self._open_work() as work:
            saved = await _save(work, check_prefeitura(new), publica=request.publica)
            await self._trail.act(
                work, request.principal, AuditKind.PREFEITURA_CREATED, saved.id, _facts(saved), subject=saved.id
            )
        return saved


class EditPrefeituraUseCase:
    """Changes a tenant, or suspends it."""

    def __init__(self, open_work: InstallationUnitOfWork, trail: AuditTrail) -> None:
        self._open_work = open_work
        self._trail = trail

    async def execute(self, request: EditPrefeituraRequest) -> Prefeitura:
        """Change it.

        Raises:
            AuthenticationRequired, PermissionDenied: the asker is no operador, or would suspend his own prefeitura.
            PrefeituraNotFound: there is none with this id or slug.
            InvalidInput, InvalidText: a value is not usable, or the public one would stop being so with no other.
            InvalidEnte: the state or the IBGE code is not possible.
            DuplicatePrefeitura: another one has its IBGE code.
        """
        request.principal.require(Papel.OPERADOR)
        async with self._open_work() as work:
            current = await find_prefeitura(work, request.prefeitura)
            if request.ativo is False and current.id == request.principal.prefeitura_id:
                raise PermissionDenied("Ninguém suspende a própria prefeitura: ficaria sem acesso para reativá-la.")
            if request.publica is False and current.publica:
                raise InvalidInput("Para que esta deixe de ser a pública, torne outra pública.", param="publica")
            saved = await _save(work, _changed(current, request), publica=bool(request.publica))
            before, after = _facts(current), _facts(saved)
            changes: dict[str, Json] = {
                name: {"antes": before[name], "depois": after[name]} for name in after if after[name] != before[name]
            }
            kind = AuditKind.QUOTA_CHANGED if changes.keys() == {"quota_tokens"} else AuditKind.PREFEITURA_CHANGED
            await self._trail.act(work, request.principal, kind, saved.id, changes, subject=saved.id)
        return saved


class ListPrefeiturasUseCase:
    """Reads the tenants: an operador all of them, everybody else his own."""

    def __init__(self, open_operator_work: InstallationUnitOfWork, open_work: TenantUnitOfWork) -> None:
        self._open_operator_work = open_operator_work
        self._open_work = open_work

    async def execute(self, request: ListPrefeiturasRequest) -> list[Prefeitura]:
        """A page by name; the next one comes ``after`` its last prefeitura.

        Raises:
            AuthenticationRequired: nobody is logged in.
        """
        async with _reading(request.principal, self._open_operator_work, self._open_work) as work:
            return await work.prefeituras.find_page(request.limit, request.after)


class ReadPrefeituraUseCase:
    """Reads one tenant: an operador any, everybody else his own."""

    def __init__(self, open_operator_work: InstallationUnitOfWork, open_work: TenantUnitOfWork) -> None:
        self._open_operator_work = open_operator_work
        self._open_work = open_work

    async def execute(self, request: ReadPrefeituraRequest) -> Prefeitura:
        """The prefeitura.

        Raises:
            AuthenticationRequired: nobody is logged in.
            PrefeituraNotFound: there is none with this id that the asker may see.
        """
        async with _reading(request.principal, self._open_operator_work, self._open_work) as work:
            return await find_prefeitura(work, request.prefeitura_id)


def _reading(
    principal: Principal, open_operator_work: InstallationUnitOfWork, open_work: TenantUnitOfWork
) -> UnitOfWork:
    """A unit of work that sees the prefeituras that the asker may see."""
    principal.require(*Papel)
    return open_operator_work() if principal.papel is Papel.OPERADOR else open_work(principal.prefeitura_id)


def _changed(current: Prefeitura, request: EditPrefeituraRequest) -> Prefeitura:
    return check_prefeitura(
        replace(
            current,
            nome=_given(request.nome, current.nome),
            uf=_given(request.uf, current.uf),
            ibge=_given(request.ibge, current.ibge),
            quota_tokens=_given(request.quota_tokens, current.quota_tokens),
            dia_contrato=_given(request.dia_contrato, current.dia_contrato),
            ativo=_given(request.ativo, current.ativo),
        )
    )


def _facts(prefeitura: Prefeitura) -> dict[str, Json]:
    """What an operador decides about a prefeitura, as it is recorded."""
    return {
        "nome": prefeitura.nome,
        "slug": prefeitura.slug,
        "uf": prefeitura.uf,
        "ibge": prefeitura.ibge,
        "quota_tokens": prefeitura.quota_tokens,
        "dia_contrato": prefeitura.dia_contrato,
        "publica": prefeitura.publica,
        "ativo": prefeitura.ativo,
    }


def _given(new: _T | None, current: _T) -> _T:
    return current if new is None else new


async def _save(work: UnitOfWork, prefeitura: Prefeitura, *, publica: bool) -> Prefeitura:
    saved = await work.prefeituras.save(prefeitura)
    if not publica:
        return saved
    await work.prefeituras.make_public(saved.id)
    return replace(saved, publica=True)
