"""Watching: looks at the database and at the processes that change nothing, while faults strike."""
