"""The pages: one module a subject, each a table of what it serves and what it needs of whom."""
