"""FastAPI, SQLAlchemy's ORM and Celery on Redis."""
