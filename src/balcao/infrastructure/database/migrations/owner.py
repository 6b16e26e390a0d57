"""How a migration changes what the program owns."""

from alembic import op


def run_as_owner(*statements: str) -> None:
    """Run statements, in their order, as the role that owns the program's schema, and in that schema.

    The role is left at the end, and by the end of the transaction if one of them fails.
    """
    op.execute("SET LOCAL ROLE balcao_dono")
    op.execute("SET LOCAL search_path = balcao, public")
    for statement in statements:
        op.execute(statement)
    op.execute("RESET ROLE")
