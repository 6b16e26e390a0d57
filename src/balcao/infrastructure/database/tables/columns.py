"""What the tables are made of: the schema they share, the vector type, the columns that many have."""

from sqlalchemy import Column, ColumnElement, DateTime, Dialect, ForeignKey, MetaData, func, text, type_coerce
from sqlalchemy.dialects.postgresql import JSONB, UUID
from sqlalchemy.sql.operators import custom_op
from sqlalchemy.types import Float, UserDefinedType

from balcao.domain.document import Vector

SCHEMA = "balcao"
_COSINE_DISTANCE: custom_op[float] = custom_op("<=>")
metadata = MetaData(schema=SCHEMA)


class HalfVec(UserDefinedType[Vector]):
    """``halfvec(n)``: half-precision vector of pgvector.

    It has no bind or result processor: the connection's own codec (``vector_codecs``) carries the value in binary,
    for Core statements and for COPY alike. pgvector's own SQLAlchemy type sends text, which that codec refuses.
    """

    cache_ok = True

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.dimensions = dimensions

    def get_col_spec(self, **_: object) -> str:
        """The type's name in DDL."""
        return f"HALFVEC({self.dimensions})"

    def literal_processor(self, dialect: Dialect) -> None:  # noqa: ARG002 - SQLAlchemy's signature
        """Vectors are never written into SQL text."""
        return

    class comparator_factory(UserDefinedType.Comparator[Vector]):  # noqa: N801 - SQLAlchemy's name
        """Adds pgvector's distance operators."""

        def cosine_distance(self, other: object) -> ColumnElement[float]:
            """Cosine distance in 0..2 (``<=>``)."""
            return type_coerce(self.operate(_COSINE_DISTANCE, other), Float())


class Vec(UserDefinedType[memoryview]):
    """``vector``: single-precision vector of pgvector, in which vectors travel in bulk. No column holds it."""

    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        """The type's name in DDL."""
        return "VECTOR"


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
