"""Replays: letters of a group, one or all of them are given another try, watched and bounded.

What is replayed is frozen first. Then a few go ahead, and the others follow at a rate, until all
are through or too many have failed. Every step is taken under a lease in Postgres, so a driver may
die at any moment: the relay takes over.
"""
