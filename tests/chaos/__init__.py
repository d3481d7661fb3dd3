"""The fault lab: kill anything, at any moment, and the books still equal the provider's.

Real processes and stores, a fault proxy on every edge, an open-loop load, a nemesis from a seed,
and checkers over the history, the provider's books and the database.
"""
