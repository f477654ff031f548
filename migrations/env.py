"""Alembic's environment: the application's engine and tables, on whichever database it is configured for."""

from alembic import context
from flask import current_app

from marketplace.database import ExactDecimal, UtcDateTime

database = current_app.extensions["migrate"].db


def render_type(kind, item, autogen_context):
    """Write our column types as themselves."""
    if kind == "type" and isinstance(item, ExactDecimal):
        autogen_context.imports.add("from marketplace.database import ExactDecimal")
        return f"ExactDecimal({item.places})"
    if kind == "type" and isinstance(item, UtcDateTime):
        autogen_context.imports.add("from marketplace.database import UtcDateTime")
        return "UtcDateTime()"
    return False


def include_name(name, kind, parent_names):
    """The full-text table is made by hand and is not a model."""
    return not (kind == "table" and name.startswith("listing_fts"))


def run():
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_item=render_type,
            include_name=include_name,
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()


run()
