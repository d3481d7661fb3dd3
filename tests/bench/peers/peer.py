"""All the peers there are."""

from __future__ import annotations

from typing import Final

from tests.bench.peers.contract import Peer, PeerFailed
from tests.bench.peers.django_shop import DJSTRIPE
from tests.bench.peers.textbook import CELERY, DRAMATIQ

__all__ = ["PEERS", "Peer", "PeerFailed"]

PEERS: Final[tuple[Peer, ...]] = (CELERY, DRAMATIQ, DJSTRIPE)
