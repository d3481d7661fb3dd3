"""The pure core: laws, tables and examples."""
