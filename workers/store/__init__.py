"""The SQL of the workers: named statements, each in the module of its table, all set-based."""
