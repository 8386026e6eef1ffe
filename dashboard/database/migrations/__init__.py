"""The migrations of the schema: Alembic runs `env`, and those of `versions` that a database has not had yet."""
