"""The door: verify what comes in, record it, answer, and ring for somebody to act on it."""
