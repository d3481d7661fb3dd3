"""Workers against a real Postgres and a real Valkey; nothing of ours is faked."""
