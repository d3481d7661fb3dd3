"""The door, tried from outside: real HTTP, real Postgres, real Valkey."""
