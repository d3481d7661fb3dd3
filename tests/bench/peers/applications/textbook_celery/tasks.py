"""The Celery application and its one task."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_process_init
from sqlalchemy.exc import OperationalError
from textbook.apply import apply_event as apply
from textbook.database import engine
from textbook.settings import POOL_CONNECTIONS

app = Celery("textbook", broker=os.environ["CELERY_BROKER_URL"])
app.conf.update(
    # Money: a message is gone only when its work is committed, also when a process is killed.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    # Nobody reads results.
    task_ignore_result=True,
    # Many short tasks: the guide to optimizing says to prefetch more than the default 4.
    worker_prefetch_multiplier=64,
    # Sized by the threads that enqueue, as the same guide says.
    broker_pool_limit=max(10, POOL_CONNECTIONS),
    broker_connection_retry_on_startup=True,
)


@worker_process_init.connect
def forget_the_parents_connections(**_: Any) -> None:
    """As SQLAlchemy says for pools and `fork`."""
    engine.dispose(close=False)


@app.task(
    autoretry_for=(OperationalError,), retry_backoff=True, retry_backoff_max=60, max_retries=20
)
def apply_event(event_id: int) -> None:
    apply(event_id)
