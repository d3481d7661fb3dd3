"""`uvicorn textbook_celery.web:app`."""

from __future__ import annotations

from textbook import web

from textbook_celery.tasks import apply_event

app = web.create(apply_event.delay)
