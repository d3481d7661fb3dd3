"""Simulated providers that answer what became of a payment, each from books of its own."""
