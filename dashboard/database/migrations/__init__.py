"""How the schema became what it is: Alembic runs `env` and, of `versions`, what a database has not seen."""
