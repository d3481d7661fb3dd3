"""`python -m textbook.create_tables`: make the tables in an empty database."""

from __future__ import annotations

from textbook.database import engine
from textbook.models import Base

if __name__ == "__main__":
    Base.metadata.create_all(engine)
