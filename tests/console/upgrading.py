"""A newer release, as far as an event goes that the older one could make nothing of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.workers.scene import Scene


def understand_as(scene: Scene, body: bytes) -> None:
    """Let all events say this from now on, as if they were read anew; nobody else may do that."""
    scene.execute(f"""
        SET session_replication_role = replica;
        UPDATE inbound_events SET body = '\\x{body.hex()}';
        RESET session_replication_role
    """)
