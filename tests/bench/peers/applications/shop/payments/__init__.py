"""Payments and the accounts that they credit."""
