"""Clients: how the providers are asked. Over real HTTP, within bounds, in words of the domain."""
