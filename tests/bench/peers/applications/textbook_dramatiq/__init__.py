"""FastAPI, SQLAlchemy's ORM and Dramatiq on Redis."""
