"""Runs the migrations on the connection that `dashboard.database.schema` gives, in its transaction."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
