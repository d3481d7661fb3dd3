"""Crash points: every boundary of every transaction is found from outside, and crashed at.

No line of the service knows of it. A scan of its source lists what talks to a store, to the broker,
to a provider or to a caller; a child process has the seams below those calls counted and ends
itself at one of them; then everybody outside does what they would do, and the record must be what
it is when nothing had crashed.
"""
