"""The providers' APIs as a merchant's server calls them, and faults that can be scripted."""
