"""What providers send, and what our adapters make of it."""
