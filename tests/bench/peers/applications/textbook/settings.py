"""Settings of the processes, from the environment."""

from __future__ import annotations

import os

DATABASE_URL = os.environ["DATABASE_URL"]
"""With SQLAlchemy's scheme: `postgresql+psycopg://…`."""

PAYSTACK_SECRET = os.environ["PAYSTACK_SECRET"].encode()

POOL_CONNECTIONS = int(os.environ.get("POOL_CONNECTIONS", "10"))
"""In each process, all of them kept open."""
