"""The decisions of a payment's life, played in one process against virtual time."""
