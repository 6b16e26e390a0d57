"""People in PostgreSQL."""

from sqlalchemy import Row, Select, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from balcao.domain.ids import PrefeituraId, UsuarioId
from balcao.domain.usuario import Papel, Usuario
from balcao.infrastructure.database.tables import usuarios

_EDITABLE = ("nome", "email", "papel", "senha_hash", "versao_token", "ativo")
_OWNER = text("SELECT prefeitura_id, id FROM usuario_por_email(:email)")


class PostgresUsuarioRepository:
    """UsuarioRepository on one connection; row-level security keeps it to the transaction's prefeitura."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def save(self, usuario: Usuario) -> Usuario:
        """Insert or update the row."""
        values = {key: getattr(usuario, key) for key in _EDITABLE}
        statement = (
            insert(usuarios)
            .values(id=usuario.id, prefeitura_id=usuario.prefeitura_id, **values)
            .on_conflict_do_update(
                constraint="usuario_pk",
                set_={usuarios.c[key]: value for key, value in values.items()} | {usuarios.c.updated_at: func.now()},
            )
            .returning(*usuarios.c)
        )
        return _usuario((await self._connection.execute(statement)).one())

    async def find_by_id(self, usuario_id: UsuarioId) -> Usuario | None:
        """The row, unless erased."""
        return await self._one(select(usuarios).where(usuarios.c.id == usuario_id, usuarios.c.erased_at.is_(None)))

    async def lock(self, usuario_id: UsuarioId) -> Usuario | None:
        """The row, unless erased, locked for update."""
        statement = select(usuarios).where(usuarios.c.id == usuario_id, usuarios.c.erased_at.is_(None))
        return await self._one(statement.with_for_update())

    async def owner_of_email(self, email: str) -> tuple[PrefeituraId, UsuarioId] | None:
        """Through the database's narrow door, which shows two ids."""
        row = (await self._connection.execute(_OWNER, {"email": email})).one_or_none()
        return (row.prefeitura_id, row.id) if row and row.id else None

    async def any_exists(self) -> bool:
        """Through the database's narrow door, which shows one truth value."""
        return bool((await self._connection.execute(select(func.balcao.existe_usuario()))).scalar_one())

    async def find_by_email(self, email: str) -> Usuario | None:
        """The row with this e-mail, whatever its case."""
        same = func.lower(usuarios.c.email) == func.lower(email)
        return await self._one(select(usuarios).where(same, usuarios.c.erased_at.is_(None)))

    async def find_all(self, limit: int = 100, offset: int = 0) -> list[Usuario]:
        """People by name."""
        statement = select(usuarios).where(usuarios.c.erased_at.is_(None)).order_by(usuarios.c.nome, usuarios.c.id)
        rows = await self._connection.execute(statement.limit(limit).offset(offset))
        return [_usuario(row) for row in rows]

    async def find_page(self, limit: int, after: UsuarioId | None) -> list[Usuario]:
        """The rows behind this one."""
        order = tuple_(usuarios.c.nome, usuarios.c.id)
        statement = select(usuarios).where(usuarios.c.erased_at.is_(None)).order_by(usuarios.c.nome, usuarios.c.id)
        if after is not None:
            mark = usuarios.alias()
            statement = statement.where(
                order > select(mark.c.nome, mark.c.id).where(mark.c.id == after).scalar_subquery()
            )
        return [_usuario(row) for row in await self._connection.execute(statement.limit(limit))]

    async def _one(self, statement: Select[*tuple[object, ...]]) -> Usuario | None:
        row = (await self._connection.execute(statement)).one_or_none()
        return _usuario(row) if row else None


def _usuario(row: Row[*tuple[object, ...]]) -> Usuario:
    return Usuario(
        id=UsuarioId(row.id),
        prefeitura_id=PrefeituraId(row.prefeitura_id),
        nome=row.nome,
        email=row.email,
        papel=Papel(row.papel),
        senha_hash=row.senha_hash,
        versao_token=row.versao_token,
        ativo=row.ativo,
        criado_em=row.created_at,
        atualizado_em=row.updated_at,
    )
