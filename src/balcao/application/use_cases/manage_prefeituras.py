"""Create, change and list prefeituras: the operator's work."""

from dataclasses import dataclass, replace
from uuid import uuid4

from balcao.application.unit_of_work import InstallationUnitOfWork, UnitOfWork
from balcao.domain.ente import Ente
from balcao.domain.errors import PrefeituraNotFound
from balcao.domain.ids import PrefeituraId
from balcao.domain.prefeitura import DEFAULT_TOKEN_QUOTA, Prefeitura, check_slug


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePrefeituraRequest:
    """A new prefeitura; ``publica`` makes it the one that holds anonymous conversations."""

    nome: str
    slug: str
    uf: str | None = None
    ibge: str | None = None
    publica: bool = False
    quota_tokens: int = DEFAULT_TOKEN_QUOTA


@dataclass(frozen=True, slots=True, kw_only=True)
class EditPrefeituraRequest:
    """Changes to the prefeitura with this slug; None leaves a value as it is."""

    slug: str
    nome: str | None = None
    uf: str | None = None
    ibge: str | None = None
    quota_tokens: int | None = None
    publica: bool = False


class CreatePrefeituraUseCase:
    """Adds a tenant."""

    def __init__(self, open_work: InstallationUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, request: CreatePrefeituraRequest) -> Prefeitura:
        """Create it.

        Raises:
            InvalidInput: the slug or the name is not usable.
            InvalidEnte: the state or the IBGE code is not possible.
            DuplicatePrefeitura: another one has its slug or IBGE code.
        """
        new = Prefeitura(
            id=PrefeituraId(uuid4()),
            nome=request.nome,
            slug=check_slug(request.slug),
            uf=request.uf,
            ibge=request.ibge,
            quota_tokens=request.quota_tokens,
        )
        Ente.municipio(new.ibge, new.uf)
        async with self._open_work() as work:
            return await _save(work, new, publica=request.publica)


class EditPrefeituraUseCase:
    """Changes a tenant."""

    def __init__(self, open_work: InstallationUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self, request: EditPrefeituraRequest) -> Prefeitura:
        """Change it.

        Raises:
            PrefeituraNotFound: nobody has this slug.
            InvalidEnte: the state or the IBGE code is not possible.
            DuplicatePrefeitura: another one has its IBGE code.
        """
        async with self._open_work() as work:
            found = await work.prefeituras.id_of_slug(request.slug)
            current = await work.prefeituras.find_by_id(found) if found else None
            if current is None:
                raise PrefeituraNotFound(param="slug")
            changed = replace(
                current,
                nome=request.nome or current.nome,
                uf=request.uf or current.uf,
                ibge=request.ibge or current.ibge,
                quota_tokens=current.quota_tokens if request.quota_tokens is None else request.quota_tokens,
            )
            Ente.municipio(changed.ibge, changed.uf)
            return await _save(work, changed, publica=request.publica)


class ListPrefeiturasUseCase:
    """Reads the tenants."""

    def __init__(self, open_work: InstallationUnitOfWork) -> None:
        self._open_work = open_work

    async def execute(self) -> list[Prefeitura]:
        """Every prefeitura by name."""
        async with self._open_work() as work:
            return await work.prefeituras.find_all()


async def _save(work: UnitOfWork, prefeitura: Prefeitura, *, publica: bool) -> Prefeitura:
    saved = await work.prefeituras.save(prefeitura)
    if not publica:
        return saved
    await work.prefeituras.make_public(saved.id)
    return replace(saved, publica=True)
