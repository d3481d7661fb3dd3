"""The conformance pack: what every dialect must accept and refuse, shown by how providers sign."""
