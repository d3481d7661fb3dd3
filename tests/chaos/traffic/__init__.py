"""The traffic: everybody who talks to the service while it is broken on purpose.

Providers tell of a million events, services ask for payments, operators replay, attackers try. All
of it is decided by the seed, and sent when the schedule says so, whatever the answers.
"""
