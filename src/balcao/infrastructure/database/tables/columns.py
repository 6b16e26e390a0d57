"""What the tables are made of: the schema they share, the vector type, the columns that many have."""

from sqlalchemy import (
    BindParameter,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    MetaData,
    cast,
    func,
    text,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.types import Float, UserDefinedType

from balcao.domain.document import Vector

SCHEMA = "balcao"
_COSINE_DISTANCE: custom_op[float] = custom_op("<=>")
metadata = MetaData(schema=SCHEMA)


class Vec(UserDefinedType[Vector]):
    """``vector``: single-precision vector of pgvector, as which every vector is sent. No column holds it."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The type's name in DDL."""
        return "VECTOR"


class HalfVec(UserDefinedType[Vector]):
    """``halfvec(n)``: half-precision vector of pgvector. A ``vector`` is sent for it, which the server converts.

    It has no bind or result processor: the connection's own codecs (``vector_codecs``) carry values in binary.
    pgvector's own SQLAlchemy type sends text, which those refuse.
    """

    cache_ok = True

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.dimensions = dimensions

    def get_col_spec(self, **_: object) -> str:
        """The type's name in DDL."""
        return f"HALFVEC({self.dimensions})"

    def bind_expression(self, bindvalue: BindParameter[Vector]) -> ColumnElement[Vector]:
        """The parameter as the server is to convert it; a statement that needs it often asks for it once, in a
        subquery.
        """
        return cast(cast(bindvalue, Vec()), self)

    def literal_processor(self, dialect: Dialect) -> None:  # noqa: ARG002 - SQLAlchemy's signature
        """Vectors are never written into SQL text."""
        return

    class comparator_factory(UserDefinedType.Comparator[Vector]):  # noqa: N801 - SQLAlchemy's name
        """Adds pgvector's distance operators."""

        def cosine_distance(self, other: object) -> ColumnElement[float]:
            """Cosine distance in 0..2 (``<=>``)."""
            return type_coerce(self.operate(_COSINE_DISTANCE, other), Float())


def created() -> Column[object]:
    """When the row was inserted."""
    return Column("criado_em", DateTime(timezone=True), nullable=False, server_default=func.now(), key="created_at")


def updated() -> Column[object]:
    """When the row last changed."""
    return Column("atualizado_em", DateTime(timezone=True), nullable=False, server_default=func.now(), key="updated_at")


def json(name: str, default: str, key: str | None = None) -> Column[object]:
    """A JSON column with a default."""
    return Column(name, JSONB, nullable=False, server_default=text(f"'{default}'"), key=key or name)


def uuid(name: str, *args: ForeignKey, key: str, nullable: bool = False) -> Column[object]:
    """A column of ids."""
    return Column(name, UUID(as_uuid=True), *args, nullable=nullable, key=key)


def instant(name: str, key: str, *, nullable: bool = False) -> Column[object]:
    """A column of instants."""
    return Column(name, DateTime(timezone=True), nullable=nullable, key=key)


def row_id() -> Column[object]:
    """The row's own random id."""
    return Column("id", UUID(as_uuid=True), nullable=False, server_default=func.gen_random_uuid())
