"""The soak: many payments through the whole service, while answers are lost and processes die.

A service asks, a provider's API answers or drops its answer after the effect, customers pay or do
not, webhooks come or get lost. At the end both sides must know the same charges, none of them
twice.
"""
