"""The engine and the session factory of a process."""

from __future__ import annotations

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from textbook.settings import DATABASE_URL, POOL_CONNECTIONS

engine = create_engine(DATABASE_URL, pool_size=POOL_CONNECTIONS, max_overflow=0)

# Nothing is read again after a commit, so no object needs to be refreshed.
Session = sessionmaker(engine, expire_on_commit=False)
