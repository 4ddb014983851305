"""Runs migrations on the connection that `store.schema` hands over.

Started by the `alembic` command instead, it opens the database named in `store/alembic.ini`.
"""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, create_engine
from sqlmodel.sql.sqltypes import AutoString

from store.tables import METADATA, Moment


def render_item(type_: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Write our column types as plain ones: a migration must outlive the code it came from."""
    if type_ == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if type_ == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_item=render_item,
        render_as_batch=True,
    )
    with context.begin_transaction():
        context.run_migrations()


handed_over: Connection | None = context.config.attributes.get("connection")
if handed_over is not None:
    run(handed_over)
else:
    with create_engine(context.config.get_main_option("sqlalchemy.url") or "").begin() as opened:
        run(opened)
