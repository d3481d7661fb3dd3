"""The schema, in small hand-written SQL steps that Alembic numbers and runs."""
