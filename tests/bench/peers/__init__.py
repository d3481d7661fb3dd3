"""Peers: what people would use in our place, doing the same work for the same event.

Each is written as its libraries' documentation teaches (README.md beside this file says which
settings and why), runs in a Python environment of its own (`environment.py`), and imports nothing
of ours. To us a peer is what `Peer` says: tables to make, processes to start, payments to announce,
signed requests to send, and questions in SQL that tell what it did with them. `peer.PEERS` has
them all.
"""
