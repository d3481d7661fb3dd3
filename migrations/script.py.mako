"""${message}.

Say why. lock_timeout is 4 s: a step that needs a long lock is two steps.
"""

from __future__ import annotations

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Say what is true afterwards."""


def downgrade() -> None:
    """For development only."""
