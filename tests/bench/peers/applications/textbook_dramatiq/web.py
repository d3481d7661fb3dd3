"""`uvicorn textbook_dramatiq.web:app`."""

from __future__ import annotations

from textbook import web

from textbook_dramatiq.tasks import apply_event

app = web.create(apply_event.send)
