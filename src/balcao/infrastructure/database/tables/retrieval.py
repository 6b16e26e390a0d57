"""The terms of the collection, to find what a misspelt one may mean."""

from sqlalchemy import Column, Index, PrimaryKeyConstraint, Table, Text

from balcao.infrastructure.database.tables.columns import metadata

vocabulary = Table(
    "vocabulario",
    metadata,
    Column("termo", Text, nullable=False, key="term"),
    PrimaryKeyConstraint("term", name="vocabulario_pk"),
)
Index(
    "vocabulario_semelhanca",
    vocabulary.c.term,
    postgresql_using="gin",
    postgresql_ops={"termo": "gin_trgm_ops"},
)
