"""The schema: made, unmade, made by others at the same time, and told twice."""
