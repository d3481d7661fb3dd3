"""The shop: a service of the same company that takes its payments through the API."""
